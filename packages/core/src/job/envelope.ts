import { z } from "zod";
import { SemelError } from "../errors/semel-error.ts";
import type { EpochMs } from "../runtime/clock.ts";
import { type Fingerprint, type GuardKey, type JobId, keyOf } from "./identity.ts";
import type { Json } from "./json.ts";
import { decodeValue, encodeValue } from "./value.ts";

/** The version of the envelope's own shape. A worker holds envelopes of a newer one until a newer worker comes. */
export const envelopeFormat = 1;

const instant = z.number().int().nonnegative();
const key = z.union([z.string(), z.number(), z.boolean()]);
const counter = z.number().int().nonnegative();

/** Unknown fields are let through: a newer minor may add some, and a worker must not strip what it hands on. */
const envelopeSchema = z.looseObject({
  semel: z.literal(envelopeFormat),
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(100),
  version: z.number().int().positive(),
  lane: z.string().min(1).max(100),
  key: z.string().length(32),
  fingerprint: z.string().max(64),
  tenant: z.string().min(1).max(256).optional(),
  correlation: z.record(z.string(), key).optional(),
  createdAt: instant,
  notBefore: instant,
  deadlineAt: instant,
  priority: z.enum(["interactive", "normal", "bulk"]).optional(),
  counters: z.object({ attempts: counter, crashes: counter, deferrals: counter, redrives: counter }),
  timings: z.object({ enqueuedAt: instant, startedAt: instant.optional(), finishedAt: instant.optional() }),
  causation: z.object({ id: z.string(), type: z.string() }).optional(),
  trace: z.object({ traceparent: z.string().max(128), tracestate: z.string().max(512).optional() }).optional(),
  meta: z.record(z.string(), z.json()).optional(),
});

/**
 * A job in its serialised form, as it travels through a queue. Immutable there: what changes from attempt to attempt
 * is kept in the job's record, and `counters` and `timings` say how things stood when the envelope was written.
 */
export interface Envelope {
  /** Format of the envelope, apart from `version`, the version of the payload. */
  readonly semel: typeof envelopeFormat;
  readonly id: JobId;
  readonly type: string;
  readonly version: number;
  readonly lane: string;
  readonly key: GuardKey;
  readonly fingerprint: Fingerprint;
  readonly tenant?: string | undefined;
  readonly correlation?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly createdAt: EpochMs;
  readonly notBefore: EpochMs;
  readonly deadlineAt: EpochMs;
  readonly priority?: "interactive" | "normal" | "bulk" | undefined;
  readonly counters: {
    readonly attempts: number;
    readonly crashes: number;
    readonly deferrals: number;
    readonly redrives: number;
  };
  readonly timings: {
    readonly enqueuedAt: EpochMs;
    readonly startedAt?: EpochMs | undefined;
    readonly finishedAt?: EpochMs | undefined;
  };
  /** The job whose processor enqueued this one. */
  readonly causation?: { readonly id: JobId; readonly type: string } | undefined;
  /** W3C trace context of whoever enqueued it. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string | undefined } | undefined;
  readonly meta?: Readonly<Record<string, Json>> | undefined;
}

/** The text a queue carries: the envelope with the payload's canonical JSON inside, byte for byte what was hashed. */
export function encodeEnvelope(envelope: Envelope, payload: string): string {
  const checked = envelopeSchema.safeParse(envelope);
  if (!checked.success)
    throw new SemelError("ENVELOPE_INVALID", `the envelope is not valid: ${readableIssues(checked.error)}`, {
      cause: checked.error,
    });
  return `${encodeValue(envelope).slice(0, -1)},"payload":${payload}}`;
}

/** What a delivery turned out to be. */
export type Decoded =
  | { readonly is: "envelope"; readonly envelope: Envelope; readonly payload: unknown }
  /** Written by a newer Semel: to be held, not failed. */
  | { readonly is: "newer-format"; readonly format: number }
  | { readonly is: "unreadable"; readonly problem: string };

/** Reads a delivery. Never throws. */
export function decodeEnvelope(text: string): Decoded {
  // A quote inside a string is escaped, so this finds keys only. Our own enqueue refuses them.
  if (/"__proto__"\s*:/.test(text)) return { is: "unreadable", problem: 'it has a key "__proto__"' };
  let parsed: unknown;
  try {
    parsed = decodeValue(text);
  } catch {
    return { is: "unreadable", problem: "it is not JSON" };
  }
  const format = (parsed as { semel?: unknown } | null)?.semel;
  if (typeof format === "number" && format > envelopeFormat) return { is: "newer-format", format };
  const checked = envelopeSchema.safeParse(parsed);
  if (!checked.success) return { is: "unreadable", problem: readableIssues(checked.error) };
  const { payload, ...envelope } = checked.data as Envelope & { payload?: unknown };
  if (keyOf(envelope.id) !== envelope.key) return { is: "unreadable", problem: "its id does not belong to its key" };
  return { is: "envelope", envelope, payload };
}

function readableIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "envelope"}: ${issue.message}`)
    .join("; ");
}
