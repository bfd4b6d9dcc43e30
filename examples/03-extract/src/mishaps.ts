import { createHash } from "node:crypto";
import type { DeadReason } from "@semel/core";
import type { ScriptedFault, ScriptedStep } from "@semel/testing/scripted";

/** What happens to one letter, and how it has to end. */
export interface Mishap {
  readonly what: string;
  /** Its requests in turn; what comes after them is answered. */
  readonly steps: readonly ScriptedStep[];
  /** `undefined`: completed. */
  readonly death?: { readonly reason: DeadReason; readonly code: string };
  /** Whole answers that the provider gives, of use or not: each of them is on the bill. */
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

/** By the letter of this example that meets it. */
const mishaps: ReadonlyMap<string, Mishap> = new Map<string, Mishap>([
  ["01-harbour.txt", { what: "nothing goes wrong", steps: [], answers: 1 }],
  ["02-bridge.txt", { what: "a rate limit", ...first("429", { retryAfter: "300ms" }) }],
  ["03-seeds.txt", { what: "the connection breaks off before the answer", ...first("reset-before-answer") }],
  ["04-ledger.txt", { what: "the provider fails", ...first("500") }],
  ["05-comet.txt", { what: "half of the answer's JSON", ...first("truncated-json") }],
  // Of no use, and charged all the same.
  ["06-kiln.txt", { what: "an answer without its end", ...first("no-finish"), answers: 2 }],
  ["07-orchard.txt", { what: "the server is busy", ...first("busy", { retryAfter: "300ms" }) }],
  ["08-tide.txt", { what: "data that does not fit, and a repair", steps: [unfit], answers: 2 }],
  ["09-lamp.txt", { what: "the disk is full when the facts are to be saved", steps: [], answers: 1 }],
  ["10-map.txt", { what: "content that is refused", ...dies("content-refused", "MODEL_CONTENT_BLOCKED") }],
  ["11-choir.txt", { what: "a letter that is too long", ...dies("too-long", "MODEL_INPUT_TOO_LONG") }],
  [
    "12-mill.txt",
    {
      what: "data that never fits",
      steps: [unfit, unfit],
      death: { reason: "NON_RETRYABLE", code: "MODEL_OUTPUT_INVALID" },
      answers: 2,
    },
  ],
  [
    "13-glass.txt",
    {
      what: "a page to sign in, again and again",
      steps: [{ fault: "page" }, { fault: "page" }],
      death: { reason: "ATTEMPTS_EXHAUSTED", code: "MODEL_ANSWER_INVALID" },
      answers: 0,
    },
  ],
  ["14-fern.txt", { what: "an error under status 200", ...first("error-under-200") }],
]);
const all = [...mishaps.values()];

/** Of a letter of your own it hangs on the name, and on nothing else: other files beside it change nothing. */
export const mishapOf = (name: string): Mishap =>
  mishaps.get(name) ?? (all[createHash("sha256").update(name).digest().readUInt32BE() % all.length] as Mishap);
