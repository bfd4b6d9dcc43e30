import { randomBytes, randomUUID } from "node:crypto";
import type { Addition, ConsumeOptions, Consumer, Host, JobId, Queue, QueueFeatures } from "@semel/core/adapter";
import { expect, type TestContext } from "vitest";
import { realTime, type SuiteTime } from "../time.ts";
import { type Answer, Hands } from "./hands.ts";
import type { QueueSuite, QueueUnderTest } from "./suite.ts";

export interface HandsOptions extends Partial<ConsumeOptions> {
  readonly lane?: string | undefined;
  /** The view of the broker to consume from. Default: the first. */
  readonly queue?: Queue | undefined;
  readonly answer?: Answer | undefined;
}

/** A check of one promise. Registered by a group, run on a stage of its own. */
export type Promised = (title: string, check: (stage: QueueStage) => Promise<void>) => void;

/** Long enough never to end within a test that is not about it. */
const farMs = 600_000;

/** A broker of its own for one test, with what the checks need around it. */
export class QueueStage {
  readonly queue: Queue;
  readonly time: SuiteTime;
  readonly features: QueueFeatures;
  readonly lane = "mail.send";
  readonly #underTest: QueueUnderTest;
  readonly #context: TestContext;
  readonly #host: Host;
  readonly #key = randomBytes(24).toString("base64url");
  readonly #hands: Hands[] = [];
  readonly #consumers: Consumer[] = [];
  readonly #queues: Queue[] = [];
  #jobs = 0;

  private constructor(suite: QueueSuite, underTest: QueueUnderTest, context: TestContext) {
    this.#underTest = underTest;
    this.#context = context;
    this.queue = underTest.queue;
    this.time = underTest.time ?? realTime();
    this.features = suite.features;
    this.#host = { namespace: `suite-${randomUUID()}`, clock: this.time.clock, report: () => {}, ...underTest.host };
  }

  static async open(suite: QueueSuite, context: TestContext): Promise<QueueStage> {
    const underTest = await suite.create();
    const stage = new QueueStage(suite, underTest, context);
    await stage.#start(underTest.queue);
    return stage;
  }

  async #start(queue: Queue): Promise<Queue> {
    this.#queues.push(queue);
    await queue.start(this.#host);
    return queue;
  }

  /** Ends the test without a verdict, and says why. */
  skip(why: string): never {
    return this.#context.skip(why);
  }

  /** Starts the first view again, as a program may. */
  async startAgain(): Promise<void> {
    await this.queue.start(this.#host);
  }

  /** Another view of the same broker, as a second process has it. */
  async another(): Promise<Queue> {
    const { open } = this.#underTest;
    if (!open) return this.skip("the driver opens no second view of the same broker (`open`)");
    return this.#start(await open());
  }

  /** Another view where the driver can open one, else the first again. */
  async anotherIfPossible(): Promise<Queue> {
    return this.#underTest.open ? this.another() : this.queue;
  }

  async restartBroker(): Promise<void> {
    const { restart } = this.#underTest;
    if (!restart) return this.skip("the driver restarts no broker (`restart`)");
    await restart();
  }

  /** Ends every view, as when all processes end. The broker stays. */
  async endAllViews(): Promise<void> {
    this.letGo();
    for (const consumer of this.#consumers.splice(0)) await consumer[Symbol.asyncDispose]();
    for (const queue of this.#queues.splice(0)) await queue[Symbol.asyncDispose]();
  }

  /** An id shaped as core makes them: a guard key of 32 characters, a dot, and up to 64 of `A–Z a–z 0–9 _ -`. */
  idOf(suffix: string): JobId {
    return `${this.#key}.${suffix}`;
  }

  /** A job nobody has added yet. */
  job(over: Partial<Addition> = {}): Addition {
    const id = this.idOf(`job-${++this.#jobs}`);
    return { id, lane: this.lane, type: this.lane, envelope: JSON.stringify({ id }), delayMs: 0, ...over };
  }

  jobs(count: number, over: Partial<Addition> = {}): Addition[] {
    return Array.from({ length: count }, () => this.job(over));
  }

  /** Adds jobs that must all be taken; answers their ids. */
  async add(...additions: readonly Addition[]): Promise<readonly JobId[]> {
    const added = await this.queue.add(additions);
    expect(added, "every job is added").toEqual(additions.map(() => ({ is: "added" })));
    return additions.map(({ id }) => id);
  }

  /** A consumer that keeps what it is given, or answers as told. */
  async hands(options: HandsOptions = {}): Promise<Hands & { readonly consumer: Consumer }> {
    const { lane = this.lane, queue = this.queue, concurrency = 10, holdMs = farMs, answer } = options;
    const hands = new Hands(this.time, answer);
    this.#hands.push(hands);
    const consumer = await queue.consume(lane, { concurrency, holdMs }, hands.handle);
    this.#consumers.push(consumer);
    return Object.assign(hands, { consumer });
  }

  /** Lets time pass until these hands were given `count` deliveries in all, and says so if more came. */
  async given(hands: Hands, count: number): Promise<void> {
    await this.time.until(
      () => hands.taken.length >= count,
      `${count} deliveries (the last seen: ${hands.ids.slice(-3)})`,
    );
    expect(hands.taken.length, "deliveries handed over").toBe(count);
  }

  /** Long enough for a delivery that must not come to come. Half of the shortest hold, so that none ends by it. */
  async quiet(): Promise<void> {
    await this.time.pass(this.time.shortMs / 2);
  }

  /** Whatever is still in hand is put down, so that nothing waits for it. */
  letGo(): void {
    for (const hands of this.#hands) hands.letGo();
  }

  async close(): Promise<void> {
    try {
      await this.endAllViews();
    } finally {
      await this.#underTest.dispose?.();
    }
  }
}
