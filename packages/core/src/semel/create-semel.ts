import type { DeadLetters } from "../dead-letter/dead-letters.ts";
import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import { definitionOf } from "../job/define-job.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import type { Enqueued } from "../job/enqueued.ts";
import { checkTenant } from "../job/identity.ts";
import type { AnyJob, InputOf, Key, UntenantedJob } from "../job/job.ts";
import { toMs } from "../runtime/duration.ts";
import { checkNode } from "../runtime/node-version.ts";
import { type Closed, together } from "../worker/closed.ts";
import { Isolation } from "../worker/isolation.ts";
import { JobWorker, type Worker, type WorkerHost, type WorkerOptions } from "../worker/worker.ts";
import { childOf, Engine } from "./engine.ts";
import type { Explanation } from "./explain.ts";
import { handle } from "./handle.ts";
import { type SemelOptions, settingsOf } from "./options.ts";
import type { EnqueueMany, TenantSemel } from "./scope.ts";
import { Scoped, tenantSemel } from "./scoped.ts";
import { type CloseOptions, type QueueCounts, Semel, type WorkerInfo } from "./semel.ts";
import type { JobStatus } from "./status.ts";
import { checkWhich, type KnownLine, meantLines, type Which } from "./which.ts";

/**
 * Puts Semel on a backend: `createSemel(embedded("./.semel"))`. Connects to nothing before it is used; each first use may
 * reject with what is wrong.
 * @throws `OPTION_INVALID`; `NODE_TOO_OLD` before Node 22.12; `CORE_INCOMPATIBLE` for an adapter of another version.
 */
export function createSemel(options: SemelOptions): Semel {
  return new RunningSemel(options);
}

class RunningSemel extends Semel {
  readonly #engine: Engine;
  readonly #scoped: Scoped;
  readonly #workers = new Set<Worker>();
  /** What its workers have taken from, since it was made. */
  readonly #ownLines: KnownLine[] = [];
  /** Of all its workers: they live and die together. */
  readonly #isolation = new Isolation();
  #closing: Promise<void> | undefined;
  readonly deadLetters: DeadLetters;
  readonly enqueueMany: EnqueueMany<UntenantedJob>;

  constructor(options: SemelOptions) {
    super();
    checkNode(process.versions?.node);
    this.#engine = new Engine(settingsOf(options));
    this.#scoped = new Scoped(this.#engine, undefined);
    this.deadLetters = this.#scoped.deadLetters;
    this.enqueueMany = (job, payloads, many) => this.#scoped.enqueueMany(job, payloads, many);
  }

  enqueue<J extends UntenantedJob>(job: J, payload: InputOf<J>, options?: EnqueueOptions): Promise<Enqueued<J>> {
    return this.#scoped.enqueue(job, payload, options);
  }

  forTenant(tenant: string): TenantSemel {
    return tenantSemel(this.#engine, checkTenant(tenant));
  }

  status<J extends AnyJob>(job: J, id: string): Promise<JobStatus<J> | undefined>;
  status(id: string): Promise<JobStatus | undefined>;
  status(...question: [string] | [AnyJob, string]): Promise<JobStatus | undefined> {
    return question.length === 1 ? this.#scoped.status(question[0]) : this.#scoped.status(question[0], question[1]);
  }

  find<J extends AnyJob>(job: J, correlation: Readonly<Record<string, Key>>): Promise<JobStatus<J> | undefined> {
    return this.#scoped.find(job, correlation);
  }

  explain(id: string): Promise<readonly Explanation[]> {
    return this.#scoped.explain(id);
  }

  cancel(id: string, reason?: string): Promise<"cancelled" | "requested" | "finished" | "unknown"> {
    return this.#scoped.cancel(id, reason);
  }

  rerun(id: string): Promise<string> {
    return this.#scoped.rerun(id);
  }

  async counts(): Promise<readonly QueueCounts[]> {
    const { queue, deadLetters } = this.#engine.settings.backend;
    return this.#engine.asked("counts", async () => {
      const [lanes, groups] = await Promise.all([queue.lanes(), deadLetters.groups({})]);
      const all = lanes.map(async ({ lane, types }): Promise<QueueCounts> => {
        const { waiting, delayed, running, held, oldestWaitingAt } = await queue.counts(lane);
        const dead = groups.filter(({ type }) => types.includes(type)).reduce((sum, { count }) => sum + count, 0);
        const oldestPendingAt = oldestWaitingAt === undefined ? undefined : new Date(oldestWaitingAt);
        return { queue: lane, types, pending: waiting, delayed, running, dead, paused: held, oldestPendingAt };
      });
      return Promise.all(all);
    });
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    const beats = await this.#engine.asked("workers", () => this.#engine.guard.store.workers());
    return beats.map((beat) => ({ ...beat, startedAt: new Date(beat.startedAt), seenAt: new Date(beat.seenAt) }));
  }

  async pause(which?: Which): Promise<void> {
    const { queue } = this.#engine.settings.backend;
    await this.#each("pause", which, queue.features.hold, (lane) => queue.hold(lane));
  }

  async resume(which?: Which): Promise<void> {
    const { queue } = this.#engine.settings.backend;
    await this.#each("resume", which, queue.features.hold, (lane) => queue.release(lane));
  }

  async limit(which: Which, concurrency: number | undefined): Promise<void> {
    checkWhich(which, "limit");
    if (concurrency !== undefined && (!Number.isInteger(concurrency) || concurrency < 1))
      throw new OptionInvalidError("limit(concurrency)", "a whole number from 1, or undefined", concurrency);
    const { queue } = this.#engine.settings.backend;
    await this.#each("limit", which, queue.features.limit, (lane) => queue.limit(lane, concurrency));
  }

  async #each(
    verb: string,
    which: Which | undefined,
    isSupported: boolean,
    act: (lane: string) => Promise<void>,
  ): Promise<void> {
    if (which !== undefined) checkWhich(which, verb);
    if (!isSupported) throw new OptionInvalidError(verb, "a queue that can do it", "this one cannot");
    await this.#engine.asked(verb, async () => {
      await Promise.all(meantLines(which, await this.#lines(), verb).map(act));
    });
  }

  /** Lines that ever got a job, and those that wait for their first with somebody there to take it. */
  async #lines(): Promise<readonly KnownLine[]> {
    const { queue, store } = this.#engine.settings.backend;
    const [used, workers] = await Promise.all([queue.lanes(), store.workers()]);
    const taken = workers.flatMap(({ types }) =>
      types.map(({ type, queue: lane = type }): KnownLine => ({ lane, types: [type] })),
    );
    return [...used, ...taken, ...this.#ownLines];
  }

  worker(options: WorkerOptions): Worker {
    if (this.#closing) throw new SemelError("CLOSED", "this Semel has been closed");
    const worker = new JobWorker(this.#workerHost(), options);
    this.#workers.add(worker);
    // Its first beat may be yet to come.
    this.#ownLines.push(...worker.lines);
    return worker;
  }

  #workerHost(): WorkerHost {
    const engine = this.#engine;
    const { backend, runtime, logger, around } = engine.settings;
    return {
      guard: engine.guard,
      queue: backend.queue,
      signals: engine.signals,
      emitter: engine.emitter,
      runtime,
      logger,
      around,
      ready: () => engine.ready(),
      asked: (what, work) => engine.asked(what, work),
      closed: (worker) => void this.#workers.delete(worker),
      relay: () => engine.relay(),
      announce: (id) => engine.signals.publish("changed", id),
      wakes: engine.wakes,
      prepareRequest: (cause, request, id, isBound) => engine.prepareRequest(cause, request, id, isBound),
      admitRequest: (prepared) => engine.admitRequest(prepared),
      isolation: this.#isolation,
      prepareFollowUps: (cause, requests) => engine.prepareFollowUps(cause, requests),
      sendFollowUps: (followUps) => engine.sendFollowUps(followUps),
      async enqueue(cause, job, payload, options = {}) {
        const defined = definitionOf(job);
        const admission = await engine.enqueue(defined, payload, options, childOf(cause, defined));
        return handle(engine, defined, admission);
      },
    };
  }

  forget(tenant: string): Promise<number> {
    const checkedTenant = checkTenant(tenant);
    return this.#engine.asked("forget", () => this.#engine.guard.store.forget({ tenant: checkedTenant }));
  }

  ready(): Promise<void> {
    return this.#engine.ready();
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const { deadline, onClosed } = checkedClose(options);
    // Also when they are closing already: it may be in more of a hurry now.
    const closing = [...this.#workers].map((worker) => worker.close({ deadline }));
    this.#closing ??= this.#close(closing, onClosed);
    await this.#closing;
  }

  async #close(closing: readonly Promise<Closed>[], onClosed: CloseOptions["onClosed"]): Promise<void> {
    const closed = together(await Promise.all(closing));
    await this.#engine.close();
    onClosed?.(closed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Also without a worker to find it: a process that is about to end is no place to learn that its deadline was misspelt. */
function checkedClose(options: CloseOptions): CloseOptions {
  knownOnly(options, ["deadline", "onClosed"], "close");
  if (options.deadline !== undefined) toMs(options.deadline, "close.deadline");
  if (options.onClosed !== undefined && typeof options.onClosed !== "function")
    throw new OptionInvalidError("close.onClosed", "a function", options.onClosed);
  return options;
}
