import { randomBytes, randomUUID } from "node:crypto";
import type * as Port from "@semel/core/adapter";
import { expect, type TestContext } from "vitest";
import { realTime, type SuiteTime } from "../time.ts";
import * as make from "./operations.ts";
import type { JobStoreSuite, JobStoreUnderTest, StoreView } from "./suite.ts";

/** A check of one promise. Registered by a group, run on a stage of its own. */
export type Promised = (title: string, check: (stage: StoreStage) => Promise<void>) => void;

/** The answers that may say `Kind`. Not `Extract`: `busy` and `not-yet` share one member of their union. */
type Is<O extends Port.Operation, Kind> = Saying<Port.AnswerTo<O>, Kind>;
type Saying<A extends { readonly is: string }, Kind> = A extends unknown ? (Kind extends A["is"] ? A : never) : never;

/** A job that runs: who holds it, and how it was acquired. */
export interface Running extends make.Held {
  readonly job: make.Job;
  readonly acquired: Is<Port.Claim, "acquired">;
}

/** A store of its own for one test, with what the checks need around it. */
export class StoreStage {
  readonly store: Port.JobStore;
  readonly letters: Port.LetterBox;
  readonly time: SuiteTime;
  readonly features: Port.JobStoreFeatures;
  readonly #underTest: JobStoreUnderTest;
  readonly #context: TestContext;
  readonly #host: Port.Host;
  /** Keys of two namespaces never meet, as they hash the namespace; so must those of two tests. */
  readonly #token = randomBytes(9).toString("base64url");
  readonly #views: Port.JobStore[] = [];
  #owners = 0;
  #keys = 0;

  private constructor(suite: JobStoreSuite, underTest: JobStoreUnderTest, context: TestContext) {
    this.#underTest = underTest;
    this.#context = context;
    this.store = underTest.store;
    this.letters = underTest.deadLetters;
    this.time = underTest.time ?? realTime({ shortMs: 60 });
    this.features = suite.features;
    this.#host = { namespace: `suite-${randomUUID()}`, clock: this.time.clock, report: () => {}, ...underTest.host };
  }

  static async open(suite: JobStoreSuite, context: TestContext): Promise<StoreStage> {
    const underTest = await suite.create();
    const stage = new StoreStage(suite, underTest, context);
    stage.#views.push(underTest.store);
    await underTest.store.start(stage.#host);
    return stage;
  }

  /** What a Semel on this store is opened with, to see the same records. */
  get namespace(): string {
    return this.#host.namespace;
  }

  /** Ends the test without a verdict, and says why. */
  skip(why: string): never {
    return this.#context.skip(why);
  }

  start(): ReturnType<Port.JobStore["start"]> {
    return this.store.start(this.#host);
  }

  /** Whether `another` answers really another view. */
  get canOpen(): boolean {
    return this.#underTest.open !== undefined;
  }

  /** Another view of the same store, as a second process has it; the first again where the driver can open none. */
  async another(): Promise<StoreView> {
    const { open } = this.#underTest;
    if (!open) return this.#underTest;
    const view = await open();
    this.#views.push(view.store);
    await view.store.start(this.#host);
    return view;
  }

  /** Ends every view, as when all processes end. */
  async endAllViews(): Promise<void> {
    for (const view of this.#views.splice(0)) await view[Symbol.asyncDispose]();
  }

  async close(): Promise<void> {
    try {
      await this.endAllViews();
    } finally {
      await this.#underTest.dispose?.();
    }
  }

  /** A job under a key nobody has used. */
  job(over: Partial<make.Job> = {}): make.Job {
    return make.jobFor(over.key ?? make.keyOf(`${this.#token}-${++this.#keys}`), "first", over);
  }

  owner(): string {
    return `owner-${++this.#owners}`;
  }

  async apply<const O extends Port.Operation>(operation: O): Promise<Port.AnswerTo<O>> {
    const answers = (await this.store.apply([operation])) as readonly Port.AnswerTo<O>[];
    expect(answers, "one answer to one operation").toHaveLength(1);
    return answers[0] as Port.AnswerTo<O>;
  }

  /** Applies an operation that must be answered so; answers the answer. */
  async expect<const O extends Port.Operation, Kind extends Port.AnswerTo<O>["is"]>(
    is: Kind,
    operation: O,
  ): Promise<Is<O, Kind>> {
    const answer = await this.apply(operation);
    expect(answer, `answer to ${operation.op}`).toMatchObject({ is });
    return answer as Is<O, Kind>;
  }

  async record(of: { readonly key: Port.GuardKey }): Promise<Port.JobRecord | undefined> {
    const records = await this.store.read([of.key]);
    return records[0];
  }

  /** The record, which must be there. */
  async standing(of: { readonly key: Port.GuardKey }): Promise<Port.JobRecord> {
    const record = await this.record(of);
    if (!record) throw new Error(`no record stands for ${of.key}`);
    return record;
  }

  async reserved(over: Partial<make.Job> = {}): Promise<make.Job> {
    const job = this.job(over);
    await this.expect("created", make.reserve(job));
    return job;
  }

  async running(over: Partial<make.Job> = {}, claim: Partial<Port.Claim> = {}): Promise<Running> {
    return this.claimed(await this.reserved(over), claim);
  }

  /** A claim that must be granted. */
  async claimed(job: make.Job, over: Partial<Port.Claim> = {}): Promise<Running> {
    const owner = over.owner ?? this.owner();
    const acquired = await this.expect("acquired", make.claim(job, owner, over));
    return { job, key: job.key, owner, fence: acquired.fence, acquired };
  }

  async settled(as: Port.Settlement, over: Partial<make.Job> = {}): Promise<Running> {
    const running = await this.running(over);
    await this.expect("settled", make.settle(running, as));
    return running;
  }

  /** A worker whose lease ended, and the one that took over from it. */
  async takenOver(over: Partial<make.Job> = {}): Promise<{ readonly stale: Running; readonly heir: Running }> {
    const stale = await this.running(over, { leaseMs: this.time.shortMs });
    return { stale, heir: await this.takeOver(stale) };
  }

  async takeOver(stale: Running): Promise<Running> {
    await this.endOfLease();
    return this.claimed(stale.job);
  }

  /** The shortest lease is over, by the clock of whoever judges it. */
  async endOfLease(): Promise<void> {
    await this.time.pass(this.time.shortMs + 5);
  }

  /** Lets hours and days pass, where the driver can. */
  async leap(ms: number): Promise<void> {
    if (!this.time.leap) return this.skip("the driver cannot leap over hours (`time.leap`)");
    await this.time.leap(ms);
  }
}
