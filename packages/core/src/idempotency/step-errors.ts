import { SemelError } from "../errors/semel-error.ts";
import type { EpochMs } from "../runtime/clock.ts";

/** The attempt has ended: it returned, or its slot was taken back. */
export const attemptOver = (name: string): SemelError =>
  new SemelError(
    "ATTEMPT_OVER",
    `step "${name}" was not begun: this attempt has ended; \`once\` is for use inside \`process\`, and awaited there`,
    { details: { step: name }, isRetryable: true },
  );

/** The attempt still runs, but its claim is worth nothing any more. */
export const leaseLost = (name: string, done: "begun" | "recorded"): SemelError =>
  new SemelError(
    "LEASE_LOST",
    `step "${name}" was not ${done}: this attempt's lease is over, and another worker may have the job`,
    { details: { step: name }, isRetryable: true },
  );

export const nameRepeated = (name: string, step: string): SemelError =>
  new SemelError(
    "STEP_NAME_REPEATED",
    `step "${name}" was begun twice in one attempt; in a loop, give each a key: once("${name}", …, { key })`,
    { details: { step } },
  );

export const inputDiffers = (name: string, step: string): SemelError =>
  new SemelError(
    "STEP_CONFLICT",
    `step "${name}" was begun before with another input; give the changed step a new name`,
    { details: { step } },
  );

/** @param since when an earlier attempt began it; absent where this attempt's own effect failed. */
export function uncertainEffect(name: string, step: string, since?: EpochMs, cause?: unknown): SemelError {
  const begun = since === undefined ? "it failed" : `it was begun at ${new Date(since).toISOString()}`;
  return new SemelError(
    "UNCERTAIN_EFFECT",
    `step "${name}" may or may not have had its effect: ${begun}, and how it ended is not on record; find out, and tell the redrive`,
    { details: { step, since }, ...(cause === undefined ? {} : { cause }) },
  );
}
