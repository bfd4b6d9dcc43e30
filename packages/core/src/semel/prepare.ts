import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { Reserve } from "../idempotency/operations.ts";
import { type Canonical, canonicalJson } from "../job/canonical-json.ts";
import { certainlyFits } from "../job/certainly-fits.ts";
import type { DefinedJob } from "../job/define-job.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import { type Envelope, encodeEnvelope } from "../job/envelope.ts";
import { envelopeFormat } from "../job/envelope-check.ts";
import { checkTenant, fingerprintOf, type GuardKey, guardKey, type JobId, jobId } from "../job/identity.ts";
import type { Key } from "../job/job.ts";
import type { PayloadLimits } from "../job/limits.ts";
import { correlationOf, correlationText, parsePayload } from "../job/payload.ts";
import { priorities } from "../job/priority.ts";
import type { Addition } from "../queue/queue.ts";
import { toMs } from "../runtime/duration.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where a request comes from. */
export interface Origin {
  readonly tenant?: string | undefined;
  readonly causation?: Envelope["causation"];
  readonly trace?: Envelope["trace"];
}

/** A job ready to be reserved and added: everything that can be refused without asking anybody has been. */
export interface Prepared {
  /** Absent where the record stands already: for a job that is brought back. */
  readonly reserve: Reserve | undefined;
  readonly addition: Addition;
}

export const enqueueOptions: readonly (keyof EnqueueOptions)[] = [
  "id",
  "priority",
  "delay",
  "at",
  "rerun",
  "meta",
  "transaction",
];
const metaLimits: PayloadLimits = { bytes: 4_096, depth: 8, nodes: 256, keys: 64 };

interface Settings {
  readonly namespace: string;
  readonly runtime: Runtime;
  readonly limits: PayloadLimits;
}

/**
 * Checks and encodes one request; costs no round trip.
 * @throws `PAYLOAD_INVALID`, `PAYLOAD_NOT_JSON`, `PAYLOAD_TOO_LARGE`, `CORRELATION_MISSING`, `TENANT_INVALID`, `OPTION_INVALID`.
 */
export async function prepare(
  settings: Settings,
  job: DefinedJob,
  input: unknown,
  options: EnqueueOptions,
  origin: Origin,
): Promise<Prepared & { readonly canonical: Canonical }> {
  knownOnly(options, enqueueOptions, "enqueue");
  const { transaction, rerun } = options;
  if (transaction !== undefined && typeof transaction?.query !== "function")
    throw new OptionInvalidError("enqueue.transaction", "a client with a transaction open", transaction);
  if (rerun !== undefined && typeof rerun !== "boolean")
    throw new OptionInvalidError("enqueue.rerun", "true or false", rerun);
  // The limits come first: a schema must not be made to walk a bomb.
  if (!certainlyFits(input, settings.limits)) canonicalJson(input, settings.limits);
  const payload = await parsePayload(job, input);
  const canonical = canonicalJson(payload, settings.limits);
  const tenant = tenantOf(job, origin.tenant);
  const correlation = correlationOf(job, payload);
  const { clock, newId } = settings.runtime;
  const suffix = options.id ?? newId();
  const key = keyFor(settings.namespace, job, tenant, correlation, suffix);
  const id = jobId(key, suffix);
  const now = clock.now();
  const delayMs = delayOf(options, now);
  const notBefore = now + delayMs;
  const envelope: Envelope = {
    semel: envelopeFormat,
    id,
    type: job.type,
    version: job.version,
    lane: job.lane,
    key,
    fingerprint: fingerprintOf(canonical),
    tenant,
    correlation,
    createdAt: now,
    notBefore,
    deadlineAt: notBefore + job.deadlineMs,
    priority: priorityOf(job, options),
    counters: { attempts: 0, crashes: 0, deferrals: 0, redrives: 0 },
    timings: { enqueuedAt: now },
    causation: origin.causation,
    trace: origin.trace,
    meta: metaOf(options.meta),
  };
  const { lane, type, version, fingerprint, priority } = envelope;
  const reserve: Reserve = {
    op: "reserve",
    key,
    id,
    type,
    lane,
    tenant,
    fingerprint,
    version,
    delayMs,
    deadlineMs: job.deadlineMs,
    onDead: job.onDead,
    onCompleted: job.onCompleted,
    force: rerun ?? false,
  };
  return {
    reserve,
    addition: { id, lane, type, envelope: encodeEnvelope(envelope, canonical.text), delayMs, priority },
    canonical,
  };
}

/** The record a correlation leads to. Work that is never the same has a record for each id. */
export function keyFor(
  namespace: string,
  job: DefinedJob,
  tenant: string | undefined,
  correlation: Readonly<Record<string, Key>> | undefined,
  suffix: string,
): GuardKey {
  return guardKey(namespace, tenant, job.type, correlation ? correlationText(correlation) : `none:${suffix}`);
}

export function tenantOf(job: DefinedJob, tenant: string | undefined): string | undefined {
  if (tenant !== undefined) return checkTenant(tenant);
  if (job.tenant === "none") return undefined;
  throw new SemelError("TENANT_INVALID", `${job.type} needs a tenant: semel.forTenant(id).enqueue(…)`, {
    details: { type: job.type },
  });
}

function priorityOf(job: DefinedJob, options: EnqueueOptions): Addition["priority"] {
  if (options.priority !== undefined && job.priority === undefined) {
    throw new OptionInvalidError(
      "enqueue.priority",
      `a job that declares a priority; defineJob({ type: "${job.type}", priority: "normal" }) lets its jobs overtake each other`,
      options.priority,
    );
  }
  if (options.priority !== undefined && !priorities.includes(options.priority)) {
    const words = priorities.map((word) => `"${word}"`).join(", ");
    throw new OptionInvalidError("enqueue.priority", `one of ${words}`, options.priority);
  }
  return options.priority ?? job.priority;
}

function delayOf(options: EnqueueOptions, now: number): number {
  if (options.delay !== undefined && options.at !== undefined)
    throw new OptionInvalidError("enqueue", "either delay or at", "both");
  if (options.delay !== undefined) return toMs(options.delay, "enqueue.delay");
  if (options.at === undefined) return 0;
  const at = options.at instanceof Date ? options.at.getTime() : Number.NaN;
  if (Number.isNaN(at)) throw new OptionInvalidError("enqueue.at", "a valid Date", options.at);
  return Math.max(0, at - now);
}

function metaOf(meta: EnqueueOptions["meta"]): Envelope["meta"] {
  if (meta === undefined) return undefined;
  if (typeof meta !== "object" || meta === null || Array.isArray(meta))
    throw new OptionInvalidError("enqueue.meta", "an object of JSON values", meta);
  canonicalJson(meta, metaLimits);
  return meta;
}

/** The same job under a new id: for a redrive or a rerun. */
export function readdressed(
  envelope: Envelope,
  payload: unknown,
  id: JobId,
  now: number,
  deadlineMs: number,
  limits: PayloadLimits,
): Addition {
  const counters = { attempts: 0, crashes: 0, deferrals: 0, redrives: envelope.counters.redrives + 1 };
  const { causation } = envelope;
  const again: Envelope = {
    ...envelope,
    id,
    // Whoever brings a child back wants it, whatever became of its parent.
    causation: causation && { id: causation.id, type: causation.type },
    createdAt: now,
    notBefore: now,
    deadlineAt: now + deadlineMs,
    counters,
    timings: { enqueuedAt: now },
    redriveOf: envelope.id,
  };
  const text = canonicalJson(payload, { ...limits, bytes: Number.MAX_SAFE_INTEGER }).text;
  return {
    id,
    lane: envelope.lane,
    type: envelope.type,
    envelope: encodeEnvelope(again, text),
    delayMs: 0,
    priority: envelope.priority,
  };
}
