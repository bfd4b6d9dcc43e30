import { type Waiter, Wakes } from "../children/wakes.ts";
import { describeFailure } from "../errors/failure.ts";
import { SemelError } from "../errors/semel-error.ts";
import { QueueUnavailableError, StoreUnavailableError } from "../errors/unavailable.ts";
import { Guard } from "../idempotency/guard.ts";
import { checkRetention } from "../idempotency/retention.ts";
import { transactionsOf } from "../idempotency/store-transactions.ts";
import { Emitter } from "../instrumentation/hooks.ts";
import { logHook } from "../instrumentation/log-hook.ts";
import { silentLogger } from "../instrumentation/logger.ts";
import { type DefinedJob, definitionOf } from "../job/define-job.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import { decodeEnvelope, type Envelope } from "../job/envelope.ts";
import { anotherDelivery, differingFields, digest, suffixOf } from "../job/identity.ts";
import type { JobRequest } from "../job/request.ts";
import type { TransactionClient } from "../processor/transaction.ts";
import type { Added, Addition } from "../queue/queue.ts";
import { localSignals, type Signals } from "../queue/signals.ts";
import { within } from "../runtime/deadline.ts";
import { Gatherer } from "../runtime/gatherer.ts";
import { Line } from "../runtime/line.ts";
import { OutageWatch } from "../runtime/outage.ts";
import { redactText } from "../runtime/redact.ts";
import { SimulatedCrash } from "../runtime/runtime.ts";
import { type Admission, type AdmitParts, type Admitted, admit } from "./admit.ts";
import { join } from "./join.ts";
import type { Settings } from "./options.ts";
import { type Origin, type Prepared, prepare } from "./prepare.ts";
import { Relay, type RelayParts } from "./relay.ts";
import { Unattended } from "./unattended.ts";
import { Waiters } from "./waiters.ts";

const closeDeadlineMs = 10_000;
/** Enqueues under way at a time: more only wait for each other. */
const enqueuesAtATime = 500;

/** What every part of one Semel shares: its backend, started once; its guard; the way in for every job. */
export class Engine {
  readonly settings: Settings;
  readonly emitter: Emitter;
  readonly guard: Guard;
  readonly signals: Signals;
  readonly waiters: Waiters;
  readonly wakes: Wakes;
  readonly #unattended: Unattended;
  readonly #adder: Gatherer<Addition, Added>;
  readonly #line = new Line(enqueuesAtATime);
  readonly #relay: Relay | undefined;
  readonly #admitParts: AdmitParts;
  #starting: Promise<void> | undefined;
  /** The backend has started: nothing need be waited for. */
  #isUp = false;
  #isClosed = false;

  constructor(settings: Settings) {
    const { backend, runtime, logger, hooks } = settings;
    this.settings = settings;
    this.emitter = new Emitter(runtime.clock, logger === silentLogger ? hooks : [logHook(logger), ...hooks]);
    this.guard = new Guard(
      backend.store,
      runtime,
      (during, error) => this.emitter.emit("store.unavailable", { during, error: describeFailure(error) }),
      (outage) => this.emitter.emit("store.available", { ...outage }),
    );
    const queueOutage = new OutageWatch(runtime.clock, (outage) => this.emitter.emit("queue.available", { ...outage }));
    this.signals = backend.signals ?? localSignals();
    this.waiters = new Waiters(runtime.clock, (keys) => this.asked("result", () => backend.store.read(keys)));
    this.wakes = new Wakes(this.signals, runtime.clock, (waiter) => this.#bringForward(waiter));
    this.#unattended = new Unattended(runtime.clock, backend.store, this.emitter);
    this.#adder = new Gatherer(
      // As with the store: a silent broker must not keep the place of the next call.
      (additions) =>
        queueOutage.noting(() =>
          within(runtime.clock, settings.deadlineMs, "the queue (add)", () => backend.queue.add(additions)),
        ),
      { maxItems: 200 },
    );
    const { transactions } = backend.store;
    const add: RelayParts["add"] = (addition) =>
      this.#adder.send(addition, { clock: runtime.clock, ms: settings.deadlineMs, what: "the queue (add)" });
    const onAdded: RelayParts["onAdded"] = ({ id, type, lane, delayMs }, tenant) => {
      this.emitter.emit("job.enqueued", { id, type, tenant, delayMs });
      this.#unattended.watch(type, lane);
    };
    this.#relay = transactions && new Relay({ transactions, runtime, emitter: this.emitter, add, onAdded });
    this.#admitParts = {
      guard: this.guard,
      queue: backend.queue,
      runtime,
      add: (addition, ms) => this.#adder.send(addition, { clock: runtime.clock, ms, what: "the queue (add)" }),
    };
  }

  /** Starts store and queue, once; a start that failed is tried again by the next call. */
  ready(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new SemelError("CLOSED", "this Semel has been closed"));
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw SemelError.isInstance(error) ? error : new StoreUnavailableError("start", { cause: error });
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { backend, namespace, runtime, startDeadlineMs } = this.settings;
    const warn = (text: string, error?: unknown): void =>
      this.emitter.emit("backend.warning", { text, error: error === undefined ? undefined : describeFailure(error) });
    const host = {
      namespace,
      clock: runtime.clock,
      report: (problem: { text: string; error?: unknown }) => warn(problem.text, problem.error),
    };
    // Queue and store are handed the same namespace, so they cannot stand in two.
    const [store, queue] = await within(runtime.clock, startDeadlineMs, "the backend (start)", () =>
      Promise.all([backend.store.start(host), backend.queue.start(host)]),
    );
    for (const text of new Set([...store.warnings, ...queue.warnings])) warn(text);
    const skewMs = Math.abs(store.now - runtime.clock.now());
    if (skewMs > 2_000)
      warn(
        `this machine's clock is ${Math.round(skewMs)} ms off the store's: delays and deadlines are judged by the store's`,
      );
    this.waiters.listen(this.signals);
    this.#isUp = true;
  }

  /** A question to store or queue, within the deadline. @throws `STORE_UNAVAILABLE`. */
  async asked<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { runtime, deadlineMs } = this.settings;
    try {
      await this.ready();
      return await within(runtime.clock, deadlineMs, what, work);
    } catch (cause) {
      throw SemelError.isInstance(cause) ? cause : new StoreUnavailableError(what, { cause });
    }
  }

  /** Where jobs come in. */
  async enqueue(job: DefinedJob, payload: unknown, options: EnqueueOptions, origin: Origin): Promise<Admitted> {
    try {
      const from = { trace: this.#trace(), ...origin };
      const prepared = await this.#prepare(job, payload, options, from);
      const admission = await (options.transaction ? this.#join(prepared, options.transaction) : this.admit(prepared));
      if (admission.is === "conflict")
        throw conflict(job.type, admission, differingFields(admission.fingerprint, prepared.canonical));
      // What may still be rolled back is told of by whoever gives it to the queue.
      if (!options.transaction || admission.is !== "created") this.#tell(job, origin.tenant, prepared, admission);
      return admission;
    } catch (error) {
      if (SemelError.isInstance(error)) this.#refused(job.type, origin.tenant, error);
      throw error;
    }
  }

  /** @throws `QUEUE_UNAVAILABLE`, `TRANSACTION_UNSUPPORTED`, `OPTION_INVALID`; nothing is enqueued then. */
  async #join(prepared: Prepared, client: TransactionClient): Promise<Admission> {
    const transactions = transactionsOf(this.guard.store);
    try {
      if (!this.#isUp || this.#isClosed) await this.ready();
      const admission = await join(transactions, client, prepared);
      this.#relay?.expect();
      return admission;
    } catch (cause) {
      if (SemelError.isInstance(cause)) throw cause;
      throw new QueueUnavailableError("refused", suffixOf(prepared.addition.id), { cause });
    }
  }

  /** Gives the queue what was committed in a transaction. */
  async relay(): Promise<void> {
    await this.#relay?.run();
  }

  /** @throws what makes the request impossible, before anybody is asked. */
  async #prepare(
    job: DefinedJob,
    payload: unknown,
    options: EnqueueOptions,
    origin: Origin,
  ): ReturnType<typeof prepare> {
    const prepared = await prepare(this.settings, job, payload, options, origin);
    checkRetention(this.guard.store.features, job, prepared.addition.delayMs);
    return prepared;
  }

  /** The application's own function: its failure costs the trace, not the job. */
  #trace(): Envelope["trace"] {
    try {
      return this.settings.trace();
    } catch (error) {
      this.emitter.emit("hook.failed", { during: "trace", error: describeFailure(error) });
      return undefined;
    }
  }

  /** @throws `QUEUE_UNAVAILABLE`, with `outcome: "refused"` when not even the start worked. */
  async admit(prepared: Prepared): Promise<Admission> {
    try {
      if (!this.#isUp || this.#isClosed) await this.ready();
      // A burst waits here, not within its deadline: that is for the broker to answer in.
      const turn = this.#line.enter();
      if (turn) await turn;
      return await this.#admitted(prepared);
    } catch (cause) {
      if (SimulatedCrash.is(cause)) throw cause;
      // A backend that was not reached has been sent nothing. What is wrong with it otherwise speaks for itself.
      const isAway = !this.#isUp && SemelError.isInstance(cause) && cause.code === "STORE_UNAVAILABLE";
      if (SemelError.isInstance(cause) && !isAway) throw cause;
      throw new QueueUnavailableError("refused", suffixOf(prepared.addition.id), { cause });
    }
  }

  async #admitted(prepared: Prepared): Promise<Admission> {
    try {
      return await admit(this.#admitParts, prepared, this.settings.deadlineMs);
    } catch (error) {
      // It will not answer those behind it either; nothing of theirs has been sent.
      if (error instanceof QueueUnavailableError && error.outcome === "unknown") this.#line.turnAway(error.cause);
      throw error;
    } finally {
      this.#line.leave();
    }
  }

  #tell(
    job: { readonly type: string; readonly lane: string },
    tenant: string | undefined,
    { addition }: Prepared,
    admission: Admitted,
  ): void {
    const about = { id: admission.id, type: job.type, tenant };
    if (admission.is === "created") {
      this.emitter.emit("job.enqueued", { ...about, delayMs: addition.delayMs });
      this.attend(job.type, job.lane);
    } else if (admission.is === "duplicate") this.emitter.emit("job.duplicate", { ...about, state: admission.state });
    else this.emitter.emit("job.replayed", { ...about, finishedAt: admission.finishedAt });
  }

  /** A job of this type waits: somebody is told if nobody takes it. */
  attend(type: string, lane: string): void {
    this.#unattended.watch(type, lane);
  }

  /** Follow-up jobs as they are settled: complete, so that whoever finds them can send them. */
  async prepareFollowUps(cause: Envelope, requests: readonly JobRequest[]): Promise<string> {
    const prepared = await Promise.all(
      requests.map(async (one, index) => {
        // Derived, not drawn: settling twice must not make two.
        const { reserve, addition } = await this.prepareRequest(cause, one, digest(`${cause.id}/settled/${index}`));
        return { reserve, addition };
      }),
    );
    return JSON.stringify(prepared);
  }

  /**
   * @param id where the request does not bring its own.
   * @param isBound it is wanted for the job that causes it, and for nothing else.
   */
  prepareRequest(
    cause: Envelope,
    { job, payload, options }: JobRequest,
    id: string,
    isBound = false,
  ): Promise<Prepared> {
    const defined = definitionOf(job);
    const origin = childOf(cause, defined);
    const causation = isBound ? { id: cause.id, type: cause.type, isBound: true } : origin.causation;
    return this.#prepare(defined, payload, { ...options, id: options.id ?? id }, { ...origin, causation });
  }

  async sendFollowUps(followUps: string): Promise<void> {
    for (const prepared of JSON.parse(followUps) as readonly Prepared[]) await this.admitRequest(prepared);
  }

  /** Nobody is there to be thrown at: that the work stands with another payload is told to the hooks. */
  async admitRequest(prepared: Prepared): Promise<Admission> {
    const { type, lane } = prepared.addition;
    const admission = await this.admit(prepared);
    if (admission.is !== "conflict") this.#tell({ type, lane }, prepared.reserve?.tenant, prepared, admission);
    else this.#refused(type, prepared.reserve?.tenant, conflict(type, admission, []));
    return admission;
  }

  /**
   * A delivery that waits for its time comes now: another one of the same job is added, and then it is removed. In this
   * order, so that the job is never without one. If it cannot be removed, it finds the job done or in other hands one day.
   */
  async #bringForward({ id, delivery, fence }: Waiter): Promise<void> {
    const { runtime, deadlineMs, backend } = this.settings;
    const decoded = decodeEnvelope(delivery.envelope);
    if (decoded.is !== "envelope") return;
    const { type, priority } = decoded.envelope;
    const addition = { ...delivery, id: anotherDelivery(id, `look-${fence}`), type, priority, delayMs: 0 };
    const added = await this.#admitParts.add(addition, deadlineMs);
    if (added.is !== "added" || !backend.queue.features.remove) return;
    await within(runtime.clock, deadlineMs, "the queue (remove)", () =>
      backend.queue.remove(delivery.lane, delivery.id),
    );
  }

  #refused(type: string, tenant: string | undefined, error: SemelError): void {
    this.emitter.emit("job.refused", { type, tenant, code: error.code, message: redactText(error.message) });
  }

  /** Each part is closed, whatever becomes of the others: a directory's lock must not outlive a broker that is silent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { backend, runtime } = this.settings;
    this.#unattended.close();
    this.wakes.close();
    const closed = new SemelError("CLOSED", "this Semel was closed while the result was waited for");
    const closing: readonly [string, () => PromiseLike<unknown> | undefined][] = [
      ["start", () => this.#starting],
      ["waiting", () => this.waiters.close(closed)],
      ["outbox", () => this.#relay?.close()],
      ["signals", () => this.signals[Symbol.asyncDispose]()],
      ["queue", () => backend.queue[Symbol.asyncDispose]()],
      ["store", () => backend.store[Symbol.asyncDispose]()],
    ];
    for (const [part, close] of closing) {
      try {
        await within(runtime.clock, closeDeadlineMs, `the ${part} (close)`, async () => close());
      } catch (error) {
        this.emitter.emit("backend.warning", { text: `closing the ${part} failed`, error: describeFailure(error) });
      }
    }
  }
}

/** A job enqueued by another inherits its tenant, if it takes one, and its trace. */
export function childOf(cause: Envelope, job: DefinedJob): Origin {
  return {
    tenant: job.tenant === "required" ? cause.tenant : undefined,
    trace: cause.trace,
    causation: { id: cause.id, type: cause.type },
  };
}

function conflict(
  type: string,
  standing: Extract<Admission, { is: "conflict" }>,
  fields: readonly string[],
): SemelError {
  const differ = fields.length > 0 ? `differs in ${fields.join(", ")}` : "has another payload";
  return new SemelError(
    "CORRELATION_CONFLICT",
    `${type}: the same work stands already as ${standing.id} (${standing.state}) and ${differ}; if that makes it other work, add a hash or a revision of it to \`correlation\``,
    { details: { id: standing.id, state: standing.state, fields } },
  );
}
