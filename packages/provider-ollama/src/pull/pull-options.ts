import { type Duration, OptionInvalidError } from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";

/** How far a pull is. */
export interface OllamaPullProgress {
  /** As the list of models has it. */
  readonly model: string;
  /** Host and port of the server that pulls. */
  readonly host: string;
  /** In the server's words: `pulling manifest`, `pulling 6a0746a1ec1a`, `verifying sha256 digest` … */
  readonly status: string;
  /** Of all layers that are known so far. */
  readonly completedBytes: number;
  /** Of all layers that are known so far: it grows while the pull finds out, the largest layer first. 0: nothing is known yet. */
  readonly totalBytes: number;
}

/** How models that are missing are pulled. */
export interface OllamaPullOptions {
  /** Of one pull. What came so far the server keeps, and the next pull goes on from there. Default: `"30m"`. */
  readonly timeout?: Duration | undefined;
  /** How long a pull may make no progress. Default: `"3m"`, for a server checks what it got in silence. */
  readonly idleTimeout?: Duration | undefined;
  /** Bytes of all layers of a model. What has more is given up as soon as that shows. Default: 20,000,000,000. */
  readonly maxBytes?: number | undefined;
  /** Told of each step, several times a second. What it throws is dropped. */
  readonly onProgress?: ((progress: OllamaPullProgress) => void) | undefined;
}

export interface PullSettings {
  readonly timeout: Duration;
  readonly idleMs: number;
  readonly maxBytes: number;
  readonly onProgress: ((progress: OllamaPullProgress) => void) | undefined;
}

const names: readonly (keyof OllamaPullOptions)[] = ["timeout", "idleTimeout", "maxBytes", "onProgress"];

/** @throws `OPTION_INVALID` */
export function pullSettings(options: OllamaPullOptions): PullSettings {
  knownOnly(options, names, "ollama.pull");
  const { timeout = "30m", idleTimeout = "3m", maxBytes = 20_000_000_000, onProgress } = options;
  toMs(timeout, "ollama.pull.timeout");
  if (!(Number.isSafeInteger(maxBytes) && maxBytes > 0))
    throw new OptionInvalidError("ollama.pull.maxBytes", "a whole number of bytes from 1", maxBytes);
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new OptionInvalidError("ollama.pull.onProgress", "a function", onProgress);
  return { timeout, idleMs: toMs(idleTimeout, "ollama.pull.idleTimeout"), maxBytes, onProgress };
}
