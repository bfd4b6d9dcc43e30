import { ModelError, type ModelErrorCode } from "@semel/core";
import type { CallEnd } from "./window.ts";

const failures: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_UNREACHABLE",
  "MODEL_UNTRUSTED",
  "MODEL_FAILED",
  "MODEL_TIMEOUT",
  "MODEL_ANSWER_INVALID",
]);
/** Nothing was sent, so nothing was learnt. */
const unsent: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_INPUT_INVALID",
  "MODEL_UNSUPPORTED",
  "MODEL_BREAKER_OPEN",
  "MODEL_PREPARING",
  "MODEL_MOCK_REFUSED",
]);

/**
 * How a failed call counts. A provider that says no (4xx, 429, a content policy) is a provider that works: in a trial that is a
 * success. In the window it is nothing, so that many refusals do not hide that the rest fails.
 *
 * @param isLocal a local server that is busy pushes back; that is how it works, and no failure.
 */
export function countedAs(thrown: unknown, isTrial: boolean, isLocal: boolean): CallEnd {
  if (!ModelError.isInstance(thrown)) return "failure";
  if (failures.has(thrown.code)) return "failure";
  if (unsent.has(thrown.code)) return "ignored";
  if (thrown.code === "MODEL_BUSY" && !isLocal) return "slow";
  return isTrial ? "success" : "ignored";
}

/** Whether a host is this machine, or one of the same network. */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (/^(localhost|.*\.(local|localhost|internal)|[^.:]+|::1|f[cd][0-9a-f]{2}:.*)$/i.test(name)) return true;
  return /^(127|10)\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\./.test(name);
}
