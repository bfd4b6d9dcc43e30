import { ModelError, type ModelErrorCode } from "@semel/core";

const codes: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_RATE_LIMITED",
  "MODEL_QUOTA_SPENT",
  "MODEL_BUSY",
  "MODEL_BREAKER_OPEN",
  "MODEL_PREPARING",
]);

/**
 * Whether a failure goes for every call of the model, whatever is asked: for a processor's `restsType`. Not for a type whose jobs go
 * to several models, or use a key of their tenant's.
 */
export const isOfWholeModel = (error: unknown): boolean => ModelError.isInstance(error) && codes.has(error.code);
