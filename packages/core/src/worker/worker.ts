import { hostname } from "node:os";
import { describeFailure } from "../errors/failure.ts";
import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { checkRetention } from "../idempotency/retention.ts";
import { jobOf } from "../job/identity.ts";
import type { AnyProcessor } from "../processor/processor.ts";
import type { Consumer, Delivery, Disposition, Queue } from "../queue/queue.ts";
import type { Signals } from "../queue/signals.ts";
import { wait } from "../runtime/clock.ts";
import { within } from "../runtime/deadline.ts";
import { type Duration, toMs } from "../runtime/duration.ts";
import { Attempts } from "./attempts.ts";
import type { Closed } from "./closed.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { WorkerParts } from "./parts.ts";
import { Readiness } from "./readiness.ts";
import { type Registration, register } from "./registration.ts";
import { runAttempt } from "./run-attempt.ts";
import { Upkeep } from "./upkeep.ts";

export interface WorkerOptions {
  /** What it can do: `processor(job, fn)` or instances of Processor classes, one a type. */
  readonly processors: readonly AnyProcessor[];
  /** Jobs at a time, of each type (or of each `queue` that types share). Default: 10. */
  readonly concurrency?: number | undefined;
}

/** Takes jobs and runs them until it is closed. */
export interface Worker extends AsyncDisposable {
  readonly id: string;
  /**
   * Whether it takes jobs: started, its clock within 2 s of the store's, not closing. What a readiness probe should ask;
   * `worker.unready` says why not.
   */
  readonly isReady: boolean;
  /**
   * Resolves when nothing is running and nothing is waiting that may start now, or the worker is closing. Delayed jobs and
   * retries do not count.
   */
  idle(): Promise<void>;
  /**
   * Stops fetching at once, lets running jobs finish until `deadline` (default `"25s"`), then fires their signals with
   * `shutdown` and gives them back without burning an attempt. Says which ended which way. Closing twice is one close; a
   * deadline that ends sooner is the one that counts.
   */
  close(options?: { readonly deadline?: Duration | undefined }): Promise<Closed>;
}

const beatEveryMs = 10_000;
/** The first beat is waited for this long; a start that is never answered must not keep `close` waiting. */
const beatDeadlineMs = 5_000;
/** How often a clock that was wrong is looked at. */
const recoveryEveryMs = 2_000;
const beatKeptMs = 35_000;
const sweepEveryMs = 60_000;
const sweepLimit = 500;
/** How long a delivery waits whose enqueuer died after its commit. */
const relayEveryMs = 5_000;
/** The broker's hold outlasts the lease a little, so that a redelivery finds the lease over. */
const holdBeyondLeaseMs = 500;
const consumeDeadlineMs = 15_000;
/** After its signal, how long a released job may take before it is left behind. */
const releaseGraceMs = 4_000;

/** What a worker needs of the Semel around it. */
export type WorkerHost = Omit<
  WorkerParts,
  "id" | "registrations" | "leases" | "stopping" | "givingUp" | "note" | "rest"
> & {
  readonly queue: Queue;
  readonly signals: Signals;
  ready(): Promise<void>;
  /** Gives the queue what was committed in transactions of the application. */
  relay(): Promise<void>;
  closed(worker: Worker): void;
};

/** One line the worker takes from. */
interface Line {
  readonly consumer: Consumer;
  readonly leases: LeaseKeeper;
}

const listFor = (last: Parameters<WorkerParts["note"]>[1]): keyof Closed =>
  last === "finished" || last === "released" ? last : "leftBehind";

export class JobWorker implements Worker {
  readonly id: string;
  readonly #host: WorkerHost;
  readonly #registrations: ReadonlyMap<string, Registration>;
  readonly #concurrency: number;
  readonly #lines = new Map<string, Line>();
  readonly #attempts: Attempts;
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  readonly #closed = { finished: [] as string[], released: [] as string[], leftBehind: [] as string[] };
  /** What is known of each attempt under way. */
  readonly #underWay = new Map<Delivery, Parameters<WorkerParts["note"]>[1]>();
  readonly #started: Promise<void>;
  readonly #upkeep: Upkeep;
  readonly #readiness = new Readiness();
  /** Until when a lane rests, as far as it was said here. */
  readonly #restUntil = new Map<string, number>();
  #isUp = false;
  #isSaidUnready = false;
  #startedAt = 0;
  #cancels: AsyncDisposable | undefined;
  #closing: Promise<Closed> | undefined;
  /** On the monotonic clock: until then running jobs may go on. */
  #closeAt = Number.POSITIVE_INFINITY;

  constructor(host: WorkerHost, options: WorkerOptions) {
    knownOnly(options, ["processors", "concurrency"], "worker");
    const { concurrency = 10 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 10_000)
      throw new OptionInvalidError("worker.concurrency", "a whole number from 1 to 10,000", concurrency);
    this.#host = host;
    this.#registrations = register(options.processors);
    for (const { job } of this.#registrations.values()) checkRetention(host.guard.store.features, job);
    this.#concurrency = concurrency;
    this.id = host.runtime.newId().slice(0, 8);
    this.#attempts = new Attempts(host.runtime.clock);
    this.#upkeep = new Upkeep(host.runtime.clock, (during, error) => this.#problem(during, error));
    this.#started = this.#start();
    // Nobody may be awaiting it yet; `idle` and `close` do.
    this.#started.catch(() => {});
  }

  get types(): readonly string[] {
    return [...this.#registrations.keys()];
  }

  /** What it takes, and from which line. */
  get lines(): readonly { readonly lane: string; readonly types: readonly string[] }[] {
    return Array.from(this.#registrations.values(), ({ job }) => ({ lane: job.lane, types: [job.type] }));
  }

  get isReady(): boolean {
    return this.#isUp && !this.#readiness.problem && !this.#stopping.signal.aborted;
  }

  /** A broker that is down at start is waited for, as it would be later; so is a clock that is wrong. */
  async #start(): Promise<void> {
    const { clock } = this.#host.runtime;
    for (let pauseMs = 250; ; pauseMs = Math.min(5_000, pauseMs * 2)) {
      try {
        await this.#host.ready();
        if (this.#startedAt === 0) this.#startedAt = clock.now();
        await within(clock, beatDeadlineMs, "the job store (beat)", () => this.#beat(beatKeptMs));
        this.#say();
        if (!this.#readiness.problem) {
          await this.#consume();
          break;
        }
      } catch (error) {
        this.#problem("start", error);
      }
      if (this.#stopping.signal.aborted) return;
      await wait(clock, pauseMs, this.#stopping.signal).catch(() => {});
      if (this.#stopping.signal.aborted) return;
    }
    // Without signals a cancel is heard of later, not never.
    await this.#upkeep.once("signals", async () => {
      this.#cancels = await this.#host.signals.subscribe("cancel", (id) => this.#lookAt(id));
    });
    this.#isUp = true;
    this.#upkeep.every(beatEveryMs, "beat", () => this.#look());
    this.#upkeep.every(recoveryEveryMs, "beat", async () => this.#readiness.problem && this.#look());
    this.#upkeep.every(sweepEveryMs, "sweep", () => this.#host.guard.store.sweep(sweepLimit));
    if (this.#host.guard.store.transactions) {
      // At once as well: what a deployment has interrupted is not to wait.
      void this.#upkeep.once("relay", () => this.#host.relay());
      this.#upkeep.every(relayEveryMs, "relay", () => this.#host.relay());
    }
    this.#host.emitter.emit("worker.started", { worker: this.id, types: this.types, concurrency: this.#concurrency });
  }

  async #consume(): Promise<void> {
    const lanes = new Map<string, number>();
    for (const { job } of this.#registrations.values())
      lanes.set(job.lane, Math.max(lanes.get(job.lane) ?? 0, job.leaseMs));
    for (const [lane, leaseMs] of lanes) {
      if (this.#lines.has(lane) || this.#stopping.signal.aborted) continue;
      // Deliveries may arrive before `consume` has answered, so the keeper is there first.
      const line: { consumer?: Consumer } = {};
      const leases = this.#keeper(() => line.consumer);
      const parts = this.#parts(leases);
      const holdMs = leaseMs + holdBeyondLeaseMs;
      const consumer = await this.#consumer(lane, holdMs, (delivery) => this.#handle(parts, delivery));
      line.consumer = consumer;
      this.#lines.set(lane, { consumer, leases });
    }
  }

  async #consumer(
    lane: string,
    holdMs: number,
    handle: (delivery: Delivery) => Promise<Disposition>,
  ): Promise<Consumer> {
    const consuming = this.#host.queue.consume(lane, { concurrency: this.#concurrency, holdMs }, handle);
    try {
      return await within(this.#host.runtime.clock, consumeDeadlineMs, "the queue (consume)", () => consuming);
    } catch (error) {
      // Should it come after all, it comes too late: another has been asked for.
      consuming.then((late) => late[Symbol.asyncDispose]()).catch(() => {});
      throw error;
    }
  }

  #parts(leases: LeaseKeeper): WorkerParts {
    return {
      ...this.#host,
      id: this.id,
      registrations: this.#registrations,
      leases,
      stopping: this.#stopping.signal,
      givingUp: this.#givingUp.signal,
      rest: (lane, forMs, reason) => void this.#rest(lane, forMs, reason),
      note: (delivery, what) => {
        // Whatever is settled of a runaway: it is one.
        if (this.#underWay.get(delivery) !== "runaway") this.#underWay.set(delivery, what);
      },
    };
  }

  /**
   * Said again where the new end is later by more than a tenth: of the jobs that are under way when a provider slows down,
   * each comes with nearly the same.
   */
  async #rest(lane: string, forMs: number, reason: string): Promise<void> {
    const { queue, runtime, emitter } = this.#host;
    const types = this.lines.filter((line) => line.lane === lane).flatMap((line) => line.types);
    const [type = lane, ...others] = types;
    // Those that share the lane may have nothing to do with it.
    if (!queue.features.hold || others.length > 0 || type !== lane) return;
    const until = runtime.clock.now() + forMs;
    if (until <= (this.#restUntil.get(lane) ?? 0) + forMs / 10) return;
    this.#restUntil.set(lane, until);
    await this.#upkeep.once("rest", async () => {
      await queue.hold(lane, until);
      emitter.emit("queue.rested", { queue: lane, forMs, reason });
    });
  }

  #keeper(consumer: () => Consumer | undefined): LeaseKeeper {
    const { runtime, guard } = this.#host;
    return new LeaseKeeper({
      clock: runtime.clock,
      renew: (operation) => guard.ask(operation),
      extend: async (held) => (await consumer()?.extend(held)) ?? [],
      onProblem: (during, error) => this.#problem(during, error),
      onStall: (forMs) => this.#host.emitter.emit("worker.stalled", { worker: this.id, forMs }),
    });
  }

  async #handle(parts: WorkerParts, delivery: Delivery): Promise<Disposition> {
    if (this.#stopping.signal.aborted) return { do: "return", delayMs: 0 };
    this.#attempts.begin();
    let disposition: Disposition;
    try {
      disposition = await runAttempt(parts, delivery);
    } catch (error) {
      // A fault of ours, not of the processor's: the delivery must not be lost with it.
      this.#problem("attempt", error);
      disposition = { do: "return", delayMs: 1_000 };
    }
    const last = this.#underWay.get(delivery);
    this.#underWay.delete(delivery);
    // What was turned away never ran.
    if (last && this.#stopping.signal.aborted) this.#closed[listFor(last)].push(jobOf(delivery));
    this.#attempts.end();
    return disposition;
  }

  /** Somebody cancels this job: its lease's next renewal says so, and need not be waited for. */
  #lookAt(id: string): void {
    for (const { leases } of this.#lines.values()) {
      for (const lease of leases.leases) if (jobOf(lease.delivery) === id) void leases.renew(lease);
    }
  }

  async idle(): Promise<void> {
    await this.#started;
    await this.#attempts.until(async () => this.#stopping.signal.aborted || (await this.#isIdle()));
  }

  async #isIdle(): Promise<boolean> {
    if (this.#attempts.underWay > 0) return false;
    const counts = await Promise.all(
      [...this.#lines.keys()].map((lane) => this.#host.asked("idle", () => this.#host.queue.counts(lane))),
    );
    return this.#attempts.underWay === 0 && counts.every(({ held, waiting }) => held || waiting === 0);
  }

  async close(options: { readonly deadline?: Duration | undefined } = {}): Promise<Closed> {
    knownOnly(options, ["deadline"], "close");
    const { clock } = this.#host.runtime;
    const deadlineMs = toMs(options.deadline ?? "25s", "close.deadline");
    const closeAt = clock.monotonic() + deadlineMs;
    if (closeAt < this.#closeAt) {
      this.#closeAt = closeAt;
      this.#attempts.hurry(deadlineMs);
    }
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Closed> {
    this.#stopping.abort(new Error("the worker is closing"));
    this.#upkeep.stop();
    this.#attempts.tellAll();
    await this.#started;
    const lines = [...this.#lines.values()];
    await Promise.all(lines.map(({ consumer }) => this.#upkeep.once("stop", () => consumer.stop())));

    if (!(await this.#attempts.endWithin(Math.max(0, this.#closeAt - this.#host.runtime.clock.monotonic())))) {
      for (const { leases } of lines)
        for (const lease of leases.leases) lease.abort("shutdown", "the worker is shutting down");
      if (!(await this.#attempts.endWithin(releaseGraceMs)))
        this.#givingUp.abort(new Error("the worker's time to close is over"));
    }
    await Promise.all(
      lines.map(({ consumer }) =>
        this.#upkeep.once("dispose", async () => consumer[Symbol.asyncDispose](), releaseGraceMs),
      ),
    );
    await this.#upkeep.once("signals", async () => this.#cancels?.[Symbol.asyncDispose]());
    // One that never got to start never said that it was there.
    if (this.#startedAt > 0) await this.#upkeep.once("beat", () => this.#beat(0));
    const closed = {
      ...this.#closed,
      leftBehind: [...this.#closed.leftBehind, ...Array.from(this.#underWay.keys(), jobOf)],
    };
    this.#host.emitter.emit("worker.stopped", {
      worker: this.id,
      finished: closed.finished.length,
      released: closed.released.length,
      leftBehind: closed.leftBehind.length,
    });
    this.#host.closed(this);
    return closed;
  }

  /** Says that it is alive, and takes no more jobs while its clock is wrong. */
  async #look(): Promise<void> {
    await this.#beat(beatKeptMs);
    this.#say();
  }

  /** Lets its consumers and the hooks know, if it has become unready or ready. */
  #say(): void {
    const { problem } = this.#readiness;
    if ((problem !== undefined) === this.#isSaidUnready) return;
    for (const { consumer } of this.#lines.values()) consumer.resize(problem ? 0 : this.#concurrency);
    this.#isSaidUnready = problem !== undefined;
    if (problem) this.#host.emitter.emit("worker.unready", { worker: this.id, error: describeFailure(problem) });
    else this.#host.emitter.emit("worker.ready", { worker: this.id });
  }

  async #beat(keepMs: number): Promise<void> {
    const { runtime, guard } = this.#host;
    const types = [...this.#registrations.values()].map(({ job }) => ({
      type: job.type,
      version: job.version,
      queue: job.lane,
    }));
    const askedAt = runtime.clock.now();
    const beat = {
      id: this.id,
      where: `${hostname()}:${process.pid}`,
      types,
      busy: this.#attempts.underWay,
      concurrency: this.#concurrency,
      startedAt: this.#startedAt,
      problem: this.#readiness.problem?.message,
      seenAt: askedAt,
    };
    const now = await guard.beat(beat, keepMs);
    this.#readiness.told(now, askedAt, runtime.clock.now());
  }

  #problem(during: string, error: unknown): void {
    this.#host.emitter.emit("worker.problem", { worker: this.id, during, error: describeFailure(error) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
