import type { Duration, EpochMs, Message } from "@semel/core";
import type { ModelFaultName } from "../models/model-faults.ts";
import type { AnswerFaultName } from "./answer-faults.ts";

/** A fault by its name: of the table of failures (`"429-seconds"`, `"quota-spent"` …), or an answer that is none (`"no-finish"` …). */
export type ScriptedFault = ModelFaultName | AnswerFaultName;

/** What becomes of one request. What it does not say is made up, always the same for the same request. */
export interface ScriptedStep {
  /** What goes wrong. It goes before everything below but `latency`. */
  readonly fault?: ScriptedFault | undefined;
  /** How long the provider asks to be left alone; for faults that are a status. */
  readonly retryAfter?: Duration | undefined;
  /** Before anything comes. Default: the provider's. */
  readonly latency?: Duration | undefined;
  readonly text?: string | undefined;
  /** The answer is this, as JSON. */
  readonly data?: unknown;
  /** One for each text. */
  readonly vectors?: readonly (readonly number[])[] | undefined;
  readonly images?: readonly Uint8Array[] | undefined;
  /** Tokens; `"unsaid"`: the provider does not say, and an estimate is made. Default: reckoned from the texts. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens?: number | undefined } | "unsaid" | undefined;
}

/** One request as it came. */
export interface ScriptedRequest {
  /** Counted from 1, over all models of the provider. */
  readonly number: number;
  readonly kind: "embedding" | "text" | "stream" | "image";
  readonly model: string;
  /** What was asked, in one text: for a script that decides by it. */
  readonly prompt: string;
  /** Of an embedding. */
  readonly texts?: readonly string[] | undefined;
  /** Of a text. */
  readonly messages?: readonly Message[] | undefined;
  /** The key of the call: equal for repeats of one effect. */
  readonly key: string | undefined;
  readonly at: EpochMs;
}

/** A request, and what became of it. */
export interface PlayedRequest extends ScriptedRequest {
  readonly fault: ScriptedFault | undefined;
  /** It was answered, wholly and rightly. */
  readonly isAnswered: boolean;
  /** A whole answer went out, of use or not: a provider would have put it on the bill. */
  readonly isCharged: boolean;
  /** Of an answer that said so. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}
