import { SemelError } from "../errors/semel-error.ts";
import type { EpochMs } from "../runtime/clock.ts";
import { envelopeFormat, envelopeProblem } from "./envelope-check.ts";
import { type Fingerprint, type GuardKey, type JobId, keyOf } from "./identity.ts";
import type { Json } from "./json.ts";
import { decodeValue, encodeValue, hasMarks } from "./value.ts";

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
  readonly causation?:
    | {
        readonly id: JobId;
        readonly type: string;
        /** It was enqueued for that job alone, and is not begun once that one is dead or cancelled. */
        readonly isBound?: boolean | undefined;
      }
    | undefined;
  /** The ended job it was brought back from. */
  readonly redriveOf?: JobId | undefined;
  /** W3C trace context of whoever enqueued it. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string | undefined } | undefined;
  readonly meta?: Readonly<Record<string, Json>> | undefined;
}

/** The text a queue carries: the envelope with the payload's canonical JSON inside, byte for byte what was hashed. */
export function encodeEnvelope(envelope: Envelope, payload: string): string {
  const problem = envelopeProblem(envelope);
  if (problem !== undefined) throw new SemelError("ENVELOPE_INVALID", `the envelope is not valid: ${problem}`);
  return `${textOf(envelope).slice(0, -1)},"payload":${payload}}`;
}

/** As `encodeValue` writes it, found in fewer steps where it cannot make a difference. */
function textOf(envelope: Envelope): string {
  // Only `meta` can hold anything but texts, numbers and booleans.
  const text = envelope.meta === undefined ? JSON.stringify(envelope) : undefined;
  return text === undefined || hasMarks(text) ? encodeValue(envelope) : text;
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
  if (text.includes("__proto__") && /"__proto__"\s*:/.test(text))
    return { is: "unreadable", problem: 'it has a key "__proto__"' };
  let parsed: unknown;
  try {
    parsed = decodeValue(text);
  } catch {
    return { is: "unreadable", problem: "it is not JSON" };
  }
  const format = (parsed as { semel?: unknown } | null)?.semel;
  if (typeof format === "number" && format > envelopeFormat) return { is: "newer-format", format };
  const problem = envelopeProblem(parsed);
  if (problem !== undefined) return { is: "unreadable", problem };
  const { payload, ...envelope } = parsed as Envelope & { payload?: unknown };
  if (keyOf(envelope.id) !== envelope.key) return { is: "unreadable", problem: "its id does not belong to its key" };
  return { is: "envelope", envelope, payload };
}
