import type { Json } from "../job/json.ts";
import type { Transaction } from "./transaction.ts";

/** A symbol, so that no result that came as data can pass for an outcome; a shared one, so that two copies of this package agree. */
const brand = Symbol.for("semel.outcome");

/**
 * What a processor may return instead of a result. Made by the context (`retry`, `defer`, `deadLetter`, `cancel`,
 * `transaction`), which notices when one is made and not returned.
 */
export interface Outcome {
  readonly "~semel": "outcome";
}

/** An outcome from the inside. */
export type Decided =
  | { readonly is: "retry"; readonly afterMs: number | undefined; readonly reason: string }
  | { readonly is: "defer"; readonly untilMs: number; readonly reason: string }
  | { readonly is: "deadLetter"; readonly reason: string; readonly details: Json | undefined }
  | { readonly is: "cancel"; readonly reason: string }
  | { readonly is: "transaction"; readonly run: (transaction: Transaction) => unknown };

export function outcome(decided: Decided): Outcome {
  const made: Outcome & { [brand]: Decided } = { "~semel": "outcome", [brand]: decided };
  return made;
}

export function decidedBy(value: unknown): Decided | undefined {
  try {
    return typeof value === "object" && value !== null ? (value as { [brand]?: Decided })[brand] : undefined;
  } catch {
    return undefined;
  }
}
