import { ModelError, type ModelErrorCode } from "@semel/core";

/** Nothing was sent, or nothing arrived: another model may be asked without paying twice. */
const away: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_UNREACHABLE",
  "MODEL_BREAKER_OPEN",
  "MODEL_QUOTA_SPENT",
  "MODEL_UNSUPPORTED",
]);
/** Later it will do; how much later decides. */
const later: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_RATE_LIMITED",
  "MODEL_BUSY",
  "MODEL_PREPARING",
]);

/**
 * Whether the next model is asked. A request that is refused for what it says would be refused there, too, or should be; a call
 * that failed half-way may have been paid for, and is the retry policy's.
 */
export function fallsBack(thrown: unknown, longestWaitMs: number): thrown is ModelError {
  if (!ModelError.isInstance(thrown)) return false;
  if (away.has(thrown.code)) return true;
  return later.has(thrown.code) && (thrown.retryAfterMs ?? 0) > longestWaitMs;
}
