import { SemelError, type SemelErrorOptions } from "../errors/semel-error.ts";
import type { Usage } from "./usage.ts";

/** How a call to a model can fail. `docs/errors.md` says of each what it means for the job. */
export const modelErrorCodes = [
  "MODEL_INPUT_INVALID",
  "MODEL_INPUT_TOO_LONG",
  "MODEL_UNSUPPORTED",
  "MODEL_UNKNOWN",
  "MODEL_REQUEST_REFUSED",
  "MODEL_CREDENTIAL_REFUSED",
  "MODEL_QUOTA_SPENT",
  "MODEL_RATE_LIMITED",
  "MODEL_BUSY",
  "MODEL_BREAKER_OPEN",
  "MODEL_PREPARING",
  "MODEL_UNREACHABLE",
  "MODEL_UNTRUSTED",
  "MODEL_FAILED",
  "MODEL_TIMEOUT",
  "MODEL_CONTENT_BLOCKED",
  "MODEL_ANSWER_INVALID",
  "MODEL_OUTPUT_CUT",
  "MODEL_OUTPUT_INVALID",
  "MODEL_MOCK_REFUSED",
] as const;

export type ModelErrorCode = (typeof modelErrorCodes)[number];

export interface ModelErrorOptions extends SemelErrorOptions {
  readonly provider: string;
  readonly model: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** The provider's own code: `insufficient_quota`, `context_length_exceeded` … */
  readonly providerCode?: string | undefined;
  readonly requestId?: string | undefined;
  /** Of the failed call. Default: `{ certainty: "unknown" }`. */
  readonly usage?: Usage | undefined;
}

/**
 * A call to a model that failed, in Semel's words. The retry policy of the job understands it: `failureClass` says whether it
 * is worth an attempt. It holds nothing of the request, no headers, and no raw answer; messages are redacted.
 */
export class ModelError extends SemelError {
  declare readonly code: ModelErrorCode;
  readonly provider: string;
  readonly model: string;
  readonly status: number | undefined;
  readonly providerCode: string | undefined;
  readonly requestId: string | undefined;
  readonly usage: Usage;

  /** `true` also for one from another copy of this package. */
  static override isInstance(thrown: unknown): thrown is ModelError {
    return SemelError.isInstance(thrown) && (modelErrorCodes as readonly string[]).includes(thrown.code);
  }

  constructor(code: ModelErrorCode, message: string, options: ModelErrorOptions) {
    super(code, message, options);
    this.provider = options.provider;
    this.model = options.model;
    this.status = options.status;
    this.providerCode = options.providerCode;
    this.requestId = options.requestId;
    this.usage = options.usage ?? { certainty: "unknown" };
  }
}
