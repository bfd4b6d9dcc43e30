import type { Duration } from "@semel/core";

/** What a check thinks of a text. Rules are names, never pieces of the text: verdicts go to logs. */
export type Verdict =
  | { readonly is: "allow" }
  /** Goes on, and is told. */
  | { readonly is: "flag"; readonly rules: readonly string[] }
  /** Goes no further. */
  | { readonly is: "block"; readonly rules: readonly string[] }
  /** Goes on as this text, and is told. */
  | { readonly is: "transform"; readonly text: string; readonly rules: readonly string[] };

/** What is looked at. */
export interface Subject {
  readonly text: string;
  /** On the way in: whose words. On the way out: `"answer"`. */
  readonly role: "system" | "user" | "assistant" | "answer";
  /** Whose work it is, as the call said. */
  readonly tenant: string | undefined;
  /** Ends with the call, and when the check's time is over. */
  readonly signal: AbortSignal;
}

/** Looks at a text on its way to a model, or back. */
export interface Check {
  /** For verdicts and logs. */
  readonly name: string;
  look(subject: Subject): Verdict | Promise<Verdict>;
  /** How long it may take. Default: `"2s"`. */
  readonly timeout?: Duration | undefined;
  /** What it counts as when it throws, or takes too long. Default: `"flag"`; `"block"` where nothing may pass unseen. */
  readonly onError?: "flag" | "block" | undefined;
}

/** What was found on one text. */
export interface Finding {
  readonly check: string;
  readonly on: "input" | "output";
  readonly role: Subject["role"];
  readonly is: "flag" | "block" | "transform";
  readonly rules: readonly string[];
}

export const allowed: Verdict = { is: "allow" };
