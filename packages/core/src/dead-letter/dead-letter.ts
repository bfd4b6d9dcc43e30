import { describeFailure, type Failure } from "../errors/failure.ts";
import type { PastAttempt } from "../idempotency/job-record.ts";
import { type Decoded, decodeEnvelope } from "../job/envelope.ts";
import { digest } from "../job/identity.ts";
import { encodeValue } from "../job/value.ts";
import type { EpochMs } from "../runtime/clock.ts";
import { redactPaths, redactStrings, redactText } from "../runtime/redact.ts";
import type { StoredLetter } from "./letter-box.ts";
import type { DeadReason } from "./reason.ts";

/** How long a letter is kept, counted from the death. */
export const letterKeepMs: number = 14 * 86_400_000;

/**
 * A job that was set aside: why, after what, and what it was to do. Fields named by `redact` and known shapes of secrets are
 * replaced in it; other secrets nobody can tell from text.
 */
export interface DeadLetter {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly lane: string;
  readonly tenant: string | undefined;
  readonly correlation: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly reason: DeadReason;
  /** Letters with the same kind of failure share it. */
  readonly group: string;
  readonly error: Failure;
  /**
   * What the processor said, where it returned `deadLetter(reason, details)`. With the reason `UNCERTAIN_EFFECT`: the `step`
   * that is uncertain, and `since` when (epoch ms), or `null` where its own failure left it so. With `CHILDREN_FAILED`: the
   * failed or missing children of a parent.
   */
  readonly details: unknown;
  readonly attempts: number;
  readonly crashes: number;
  readonly deferrals: number;
  /** How often it was brought back before. */
  readonly redrives: number;
  /** The id it was brought back from, if it was. */
  readonly redriveOf: string | undefined;
  /** The job whose processor enqueued it. */
  readonly causation: { readonly id: string; readonly type: string } | undefined;
  /** The last runs before this one, at most five. */
  readonly history: readonly PastAttempt[];
  /** Steps that are done and will not run again on a redrive that keeps them. */
  readonly steps: readonly string[];
  readonly traceparent: string | undefined;
  readonly fence: number;
  /** The worker it died with. */
  readonly worker: string | undefined;
  readonly enqueuedAt: Date;
  /** When its last attempt began. */
  readonly startedAt: Date | undefined;
  readonly diedAt: Date;
  /** The payload with the fields of `redact` replaced; `undefined` when the envelope could not be read. */
  readonly payload: unknown;
}

/** The stored form: the letter without what the store adds and what is read from the envelope. */
interface Body {
  readonly format: 1;
  readonly letter: Omit<LetterFacts, "details"> & Pick<DeadLetter, "group" | "error" | "details">;
  readonly redact: readonly string[];
  /** Of `UNCERTAIN_EFFECT`: the step's name on record. In `details` it is for people, and without secrets. */
  readonly uncertainStep?: string | undefined;
  /** As it was delivered; a redrive needs all of it. */
  readonly envelope: string;
}

/** What a letter is written from. Of those with a `?` there was nothing in the first letters. */
export type LetterFacts = Omit<
  DeadLetter,
  "id" | "diedAt" | "startedAt" | "enqueuedAt" | "payload" | "group" | "error" | "redriveOf" | "causation" | "worker"
> & {
  readonly enqueuedAt: EpochMs;
  readonly startedAt?: EpochMs | undefined;
  readonly worker?: string | undefined;
};

/** The processor's own details are for people to read: not more than fits a page. */
const maxDetails = 16_000;

/** Writes a letter down. */
export function writeLetter(
  facts: LetterFacts,
  error: unknown,
  envelope: string,
  redact: readonly string[],
): { readonly body: string; readonly group: string; readonly error: Failure } {
  const failure = describeFailure(error);
  const group = groupOf(facts.type, failure);
  const correlation = redactPaths(facts.correlation, redact) as LetterFacts["correlation"];
  const letter = { ...facts, correlation, details: readableDetails(facts.details), group, error: failure };
  const uncertainStep = uncertainStepOf(facts);
  const body: Body = { format: 1, letter, redact, uncertainStep, envelope };
  return { body: JSON.stringify(body), group, error: failure };
}

function uncertainStepOf({ reason, details }: LetterFacts): string | undefined {
  const step = reason === "UNCERTAIN_EFFECT" ? (details as { readonly step?: unknown } | null)?.step : undefined;
  return typeof step === "string" ? step : undefined;
}

/** As JSON without secrets; as the reason why not, where it is none or too long. */
function readableDetails(details: unknown): unknown {
  try {
    const text = encodeValue(details);
    if (text.length > maxDetails) return `omitted: ${text.length} characters, at most ${maxDetails} are kept`;
    return text === "" ? null : redactStrings(JSON.parse(text));
  } catch (error) {
    return `omitted: ${describeFailure(error).message}`;
  }
}

/** Reads a stored letter. */
export function readLetter(stored: StoredLetter): DeadLetter {
  const { letter, redact, envelope: text } = JSON.parse(stored.body) as Body;
  const decoded = decodeEnvelope(text);
  const { envelope, payload } = decoded.is === "envelope" ? decoded : { envelope: undefined, payload: undefined };
  const { correlation, steps, enqueuedAt, startedAt, worker, ...rest } = letter;
  return {
    ...rest,
    id: stored.id,
    correlation: redactStrings(correlation) as DeadLetter["correlation"],
    steps: steps.map(redactText),
    redriveOf: envelope?.redriveOf,
    causation: envelope?.causation,
    worker,
    enqueuedAt: new Date(enqueuedAt),
    startedAt: startedAt === undefined ? undefined : new Date(startedAt),
    diedAt: new Date(stored.diedAt),
    payload: redactStrings(redactPaths(payload, redact)),
  };
}

/** What decides whether it can come back, read in fewer steps. */
export const letterFacts = (stored: StoredLetter): LetterFacts => (JSON.parse(stored.body) as Body).letter;

/** The step that somebody has to decide about, by its name on record. */
export const uncertainStepIn = (stored: StoredLetter): string | undefined =>
  (JSON.parse(stored.body) as Body).uncertainStep;

/** The job inside a letter, whole, for those who bring it back. */
export function envelopeIn(stored: StoredLetter): { readonly decoded: Decoded; readonly text: string } {
  const { envelope } = JSON.parse(stored.body) as Body;
  return { decoded: decodeEnvelope(envelope), text: envelope };
}

/** What failures of one kind have in common: type, code and the message without what differs from job to job. */
function groupOf(type: string, failure: Failure): string {
  const message = failure.message
    .slice(0, 500)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "<id>")
    .replace(/"[^"]{0,200}"|'[^']{0,200}'/g, "<text>")
    .replace(/[\w/.-]*\d[\w/.-]*/g, "<n>");
  return digest(`${type}\n${failure.code}\n${message}`).slice(0, 12);
}
