import { describeFailure } from "../errors/failure.ts";
import { SemelError } from "../errors/semel-error.ts";
import { decodeValue, encodeValue, type StoredValue, sizeOf } from "../job/value.ts";

/** Begins as no stored value does: those are JSON texts. */
const omittedMark = "~omitted:";

/** In place of a value that cannot be kept. The effect has happened, so its step is done all the same. */
type Omission =
  | { readonly code: "STEP_VALUE_UNSTORABLE"; readonly why: string }
  | { readonly code: "STEP_VALUE_TOO_LARGE"; readonly bytes: number; readonly maxBytes: number };

/**
 * What is put on record of a step that had its effect: its value, or why that cannot be kept. Never throws, because a step
 * that is not on record would be paid for again.
 */
export function toRecord(value: unknown, maxBytes: number): StoredValue {
  let stored: StoredValue;
  try {
    stored = encodeValue(value);
  } catch (error) {
    return omitted({ code: "STEP_VALUE_UNSTORABLE", why: describeFailure(error).message.slice(0, 500) });
  }
  const bytes = sizeOf(stored);
  return bytes <= maxBytes ? stored : omitted({ code: "STEP_VALUE_TOO_LARGE", bytes, maxBytes });
}

const omitted = (omission: Omission): StoredValue => omittedMark + JSON.stringify(omission);

/**
 * A step's value from what is on record; the first run reads it back as well, so that it and a replay see the same types.
 * @param maxBytes what the step declared
 * @throws `STEP_VALUE_UNSTORABLE`, `STEP_VALUE_TOO_LARGE`: also on every later attempt, as the step does not run again.
 */
export function fromRecord<V>(step: string, stored: StoredValue, maxBytes: number | undefined): V {
  if (stored.startsWith(omittedMark)) throw gone(step, JSON.parse(stored.slice(omittedMark.length)) as Omission);
  const bytes = maxBytes === undefined ? 0 : sizeOf(stored);
  if (maxBytes !== undefined && bytes > maxBytes) {
    throw new SemelError(
      "STEP_VALUE_TOO_LARGE",
      `step ${shown(step)} had its effect and answered ${bytes} bytes, its maxBytes is ${maxBytes}; the value is on record, so raise maxBytes and redrive`,
      { details: { step, bytes, maxBytes } },
    );
  }
  return decodeValue(stored);
}

function gone(step: string, omission: Omission): SemelError {
  const { code } = omission;
  const why =
    code === "STEP_VALUE_UNSTORABLE"
      ? `its value is no JSON: ${omission.why}`
      : `its value is ${omission.bytes} bytes and the store takes ${omission.maxBytes}`;
  return new SemelError(
    code,
    `step ${shown(step)} had its effect and does not run again, but ${why}; put such a value elsewhere, and return a reference to it from a step of a new name`,
    { details: { step, ...omission } },
  );
}

/** A step with a key is named by JSON already. */
const shown = (step: string): string => (step.startsWith("[") ? step : JSON.stringify(step));
