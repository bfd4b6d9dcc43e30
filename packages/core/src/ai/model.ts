import type { Duration } from "../runtime/duration.ts";
import type { Usage } from "./usage.ts";

/** What every model says of itself. Plain facts, known before the first call, and free of credentials. */
export interface Model {
  /** Who answers: `"openai"`, `"ollama"`, `"google"`, `"mock"` … */
  readonly provider: string;
  /** Its name there, as it was asked for. */
  readonly model: string;
  /** Where that is: host and port, `"api.openai.com"`, `"127.0.0.1:11434"`. */
  readonly host: string;
  /** Its answers are made up. They say so as well. */
  readonly isMock: boolean;
  /**
   * Tells the credentials of a process apart without giving anything of them away: a random word for each, not a digest. Models
   * that share a credential share the word, and with it what is known of its limits. Default: all of a host are taken for one.
   */
  readonly credential?: string | undefined;
}

/** What is left of one of a provider's limits. */
export interface Allowance {
  /** How many fit into one window of the provider's. */
  readonly limit?: number | undefined;
  readonly remaining: number;
  /** Milliseconds until the limit is whole again. */
  readonly resetMs: number;
}

/** What a provider says of its rate limits beside an answer, or a refusal. */
export interface RateLimits {
  readonly requests?: Allowance | undefined;
  readonly tokens?: Allowance | undefined;
}

/** What a call is told beside its request. */
export interface ModelCall {
  /** Ends the call: the request is dropped, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * By which the provider may recognise a repeat: the `key` that `once` gives. Handed on where a provider has a place for
   * it; ignored elsewhere.
   */
  readonly key?: string | undefined;
  /** How long the whole exchange may take, from the call to the last byte of the answer. Default: the model's own. */
  readonly timeout?: Duration | undefined;
  /** Whose work it is. What is kept between calls, a cache for example, is kept apart by it. */
  readonly tenant?: string | undefined;
  /**
   * Told what the call cost, once, when it ends: also where it fails, or is ended. A call that never reached the provider
   * tells `actual` zeros; one whose end nobody knows tells an estimate. It must not throw.
   */
  readonly onUsage?: ((usage: Usage) => void) | undefined;
  /** Told what the provider says of its limits, whenever it does: in the headers of an answer or of a refusal. It must not throw. */
  readonly onLimits?: ((limits: RateLimits) => void) | undefined;
}
