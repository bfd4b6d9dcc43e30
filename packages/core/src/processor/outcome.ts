import type { Json } from "../job/json.ts";

/**
 * What a processor may return instead of a result. Made by the context (`retry`, `defer`, `deadLetter`, `cancel`),
 * which notices when one is made and not returned. Branded by a string, so that two copies of this package agree.
 */
export interface Outcome {
  readonly "~semel": "outcome";
}

/** An outcome from the inside. */
export type Decided =
  | { readonly is: "retry"; readonly afterMs: number | undefined; readonly reason: string }
  | { readonly is: "defer"; readonly untilMs: number; readonly reason: string }
  | { readonly is: "deadLetter"; readonly reason: string; readonly details: Json | undefined }
  | { readonly is: "cancel"; readonly reason: string };

export function outcome(decided: Decided): Outcome & { readonly decided: Decided } {
  return { "~semel": "outcome", decided };
}

export function decidedBy(value: unknown): Decided | undefined {
  const candidate = value as { "~semel"?: unknown; decided?: Decided } | null | undefined;
  return typeof candidate === "object" && candidate?.["~semel"] === "outcome" ? candidate.decided : undefined;
}
