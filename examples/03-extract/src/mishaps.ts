import type { DeadReason } from "@semel/core";
import type { ScriptedFault, ScriptedStep } from "@semel/testing/scripted";

/** What happens to one letter, and how it has to end. */
export interface Mishap {
  readonly what: string;
  /** Its requests in turn; what comes after them is answered. */
  readonly steps: readonly ScriptedStep[];
  /** `undefined`: completed. */
  readonly death?: { readonly reason: DeadReason; readonly code: string };
  /** Answers it takes, each of them on the bill. */
  readonly answers: number;
}

const first = (fault: ScriptedFault, more: Partial<ScriptedStep> = {}): Omit<Mishap, "what"> => ({
  steps: [{ fault, ...more }],
  answers: 1,
});
const dies = (fault: ScriptedFault, code: string): Omit<Mishap, "what"> => ({
  steps: [{ fault }],
  death: { reason: "NON_RETRYABLE", code },
  answers: 0,
});
const unfit: ScriptedStep = { data: { people: "Ada", places: [], dates: ["yesterday"] } };

/** One for each letter, in turn. */
export const mishaps: readonly Mishap[] = [
  { what: "nothing goes wrong", steps: [], answers: 1 },
  { what: "a rate limit", ...first("429", { retryAfter: "300ms" }) },
  { what: "the connection breaks off before the answer", ...first("reset-before-answer") },
  { what: "the provider fails", ...first("500") },
  { what: "half of the answer's JSON", ...first("truncated-json") },
  { what: "an answer without its end", ...first("no-finish") },
  { what: "the server is busy", ...first("busy", { retryAfter: "300ms" }) },
  { what: "data that does not fit, and a repair", steps: [unfit], answers: 2 },
  { what: "the disk is full when the facts are to be saved", steps: [], answers: 1 },
  { what: "content that is refused", ...dies("content-refused", "MODEL_CONTENT_BLOCKED") },
  { what: "a letter that is too long", ...dies("too-long", "MODEL_INPUT_TOO_LONG") },
  {
    what: "data that never fits",
    steps: [unfit, unfit],
    death: { reason: "NON_RETRYABLE", code: "MODEL_OUTPUT_INVALID" },
    answers: 2,
  },
  {
    what: "a page to sign in, again and again",
    steps: [{ fault: "page" }, { fault: "page" }],
    death: { reason: "ATTEMPTS_EXHAUSTED", code: "MODEL_ANSWER_INVALID" },
    answers: 0,
  },
  { what: "an error under status 200", ...first("error-under-200") },
];

export const mishapOf = (index: number): Mishap => mishaps[index % mishaps.length] as Mishap;
