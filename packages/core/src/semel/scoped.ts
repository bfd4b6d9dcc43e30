import { type DeadLetters, deadLettersOf } from "../dead-letter/dead-letters.ts";
import { describeFailure } from "../errors/failure.ts";
import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import { definitionOf } from "../job/define-job.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import type { Enqueued } from "../job/enqueued.ts";
import { belongs, keyOf } from "../job/identity.ts";
import type { AnyJob, InputOf, Key } from "../job/job.ts";
import { checked } from "../job/payload.ts";
import { within } from "../runtime/deadline.ts";
import { redactText } from "../runtime/redact.ts";
import { redrive, rerun } from "./bring-back.ts";
import type { Engine } from "./engine.ts";
import { type Explanation, explain } from "./explain.ts";
import { handle } from "./handle.ts";
import { enqueueOptions, keyFor, tenantOf } from "./prepare.ts";
import type { Scope, TenantSemel } from "./scope.ts";
import { type JobStatus, statusOf } from "./status.ts";

/** Cancelled work is remembered this long. */
const cancelledKeepMs = 86_400_000;
/** Jobs of one `enqueueMany` under way at a time. */
const manyAtATime = 500;

const idShape =
  "a job's id as `enqueue` answers it: 32 characters, a dot and 1 to 64 more ({ id } of enqueue is only what follows the dot)";

/** The verbs of {@link Scope} and the two that enqueue: of everybody's jobs, or of one tenant's. */
export class Scoped implements Scope {
  readonly #engine: Engine;
  readonly #tenant: string | undefined;
  readonly deadLetters: DeadLetters;

  constructor(engine: Engine, tenant: string | undefined) {
    this.#engine = engine;
    this.#tenant = tenant;
    const { backend, runtime } = engine.settings;
    this.deadLetters = deadLettersOf({
      box: backend.deadLetters,
      store: backend.store,
      queue: backend.queue,
      clock: runtime.clock,
      tenant,
      asked: (what, work) => engine.asked(what, work),
      redrive: (letter, how) => redrive(engine, letter, how),
      failed: (during, error) => engine.emitter.emit("hook.failed", { during, error: describeFailure(error) }),
    });
  }

  async enqueue<J extends AnyJob>(job: J, payload: InputOf<J>, options: EnqueueOptions = {}): Promise<Enqueued<J>> {
    const defined = definitionOf(job);
    const admission = await this.#engine.enqueue(defined, payload, options, { tenant: this.#tenant });
    return handle<J>(this.#engine, defined, admission);
  }

  async enqueueMany<J extends AnyJob>(
    job: J,
    payloads: readonly InputOf<J>[],
    options: Omit<EnqueueOptions, "id"> = {},
  ): Promise<{
    accepted: readonly (Enqueued<J> & { readonly index: number })[];
    refused: readonly { index: number; error: SemelError }[];
  }> {
    if (!Array.isArray(payloads))
      throw new OptionInvalidError("enqueueMany(payloads)", "an array of payloads", payloads);
    if ((options as EnqueueOptions | null)?.id !== undefined)
      throw new OptionInvalidError(
        "enqueueMany.id",
        "no id: many jobs cannot share one",
        (options as EnqueueOptions).id,
      );
    // Said once, not for each payload; and also when there is none.
    knownOnly(options, enqueueOptions, "enqueueMany");
    const accepted: (Enqueued<J> & { readonly index: number })[] = [];
    const refused: { index: number; error: SemelError }[] = [];
    for (let start = 0; start < payloads.length; start += manyAtATime) {
      const some = payloads.slice(start, start + manyAtATime);
      const settled = await Promise.allSettled(some.map((payload) => this.enqueue(job, payload, options)));
      settled.forEach((one, offset) => {
        if (one.status === "fulfilled") accepted.push({ ...one.value, index: start + offset });
        else if (SemelError.isInstance(one.reason)) refused.push({ index: start + offset, error: one.reason });
        else throw one.reason;
      });
    }
    return { accepted, refused };
  }

  status<J extends AnyJob>(job: J, id: string): Promise<JobStatus<J> | undefined>;
  status(id: string): Promise<JobStatus | undefined>;
  async status(jobOrId: AnyJob | string, id?: string): Promise<JobStatus | undefined> {
    const isById = typeof jobOrId !== "object" || jobOrId === null;
    const type = isById ? undefined : definitionOf(jobOrId).type;
    const record = await this.#record((isById ? jobOrId : id) as string);
    if (record) return type === undefined || record.type === type ? this.#status(record) : undefined;
    return undefined;
  }

  async find<J extends AnyJob>(job: J, correlation: Readonly<Record<string, Key>>): Promise<JobStatus<J> | undefined> {
    const defined = definitionOf(job);
    if (defined.correlation === "none")
      throw new OptionInvalidError("find(job)", "a job with a correlation", `${defined.type}: correlation is "none"`);
    const tenant = tenantOf(defined, this.#tenant);
    const key = keyFor(this.#engine.settings.namespace, defined, tenant, checked(defined, correlation), "");
    const [record] = await this.#engine.asked("find", () => this.#engine.guard.store.read([key]));
    return record ? this.#status(record) : undefined;
  }

  #status<J extends AnyJob>(record: JobRecord): Promise<JobStatus<J>> {
    const { settings, guard } = this.#engine;
    return this.#engine.asked("status", () => statusOf<J>(guard.store, record, settings.runtime.clock.now()));
  }

  /** What stands for the work of this id. @throws `OPTION_INVALID` for what no job can have as its id. Another namespace's record, or another tenant's, is no record. */
  async #record(id: string): Promise<JobRecord | undefined> {
    const key = typeof id === "string" ? keyOf(id) : undefined;
    // "Unknown" would be the answer for ever, and would look like one about a job.
    if (key === undefined) throw new OptionInvalidError("id", idShape, id);
    if (!belongs(key, this.#engine.settings.namespace, this.#tenant)) return undefined;
    const [record] = await this.#engine.asked("status", () => this.#engine.guard.store.read([key]));
    return record && (this.#tenant === undefined || record.tenant === this.#tenant) ? record : undefined;
  }

  async explain(id: string): Promise<readonly Explanation[]> {
    const record = await this.#record(id);
    if (!record) return [];
    const { backend, runtime } = this.#engine.settings;
    return this.#engine.asked("explain", () => explain(backend.store, backend.queue, record, runtime.clock.now()));
  }

  async cancel(
    id: string,
    reason = "cancelled by the application",
  ): Promise<"cancelled" | "requested" | "finished" | "unknown"> {
    if (typeof reason !== "string") throw new OptionInvalidError("cancel(reason)", "a text", reason);
    const record = await this.#record(id);
    if (!record) return "unknown";
    // Another job has taken its place: that one was not meant.
    if (record.id !== id) return "finished";
    const { guard, signals, settings } = this.#engine;
    const by = redactText(reason).slice(0, 200);
    const answer = await this.#engine.asked("cancel", () =>
      guard.ask({ op: "cancel", key: record.key, id, by, keepMs: cancelledKeepMs }),
    );
    settings.runtime.failpoint?.("cancel:after-record");
    if (answer.is === "requested") signals.publish("cancel", id);
    if (answer.is === "cancelled") {
      signals.publish("changed", id);
      // Tidiness only: a delivery of a cancelled job is dropped at its claim.
      const { runtime, deadlineMs, backend } = settings;
      await within(runtime.clock, deadlineMs, "the queue (remove)", () => backend.queue.remove(record.lane, id)).catch(
        () => {},
      );
    }
    return answer.is;
  }

  async rerun(id: string): Promise<string> {
    const record = await this.#record(id);
    if (!record) throw new SemelError("JOB_NOT_FOUND", `there is no job ${id}`, { details: { id } });
    return rerun(this.#engine, id, record);
  }
}

/** One tenant's view, with every verb usable on its own. */
export function tenantSemel(engine: Engine, tenant: string): TenantSemel {
  const scoped = new Scoped(engine, tenant);
  return {
    tenant,
    enqueue: (job, payload, options) => scoped.enqueue(job, payload, options),
    enqueueMany: (job, payloads, options) => scoped.enqueueMany(job, payloads, options),
    status: (...question: [string] | [AnyJob, string]) =>
      question.length === 1 ? scoped.status(question[0]) : scoped.status(question[0], question[1]),
    find: (job, correlation) => scoped.find(job, correlation),
    explain: (id) => scoped.explain(id),
    cancel: (id, reason) => scoped.cancel(id, reason),
    rerun: (id) => scoped.rerun(id),
    deadLetters: scoped.deadLetters,
  } as TenantSemel;
}
