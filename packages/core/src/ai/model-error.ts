import type { ErrorCode } from "../errors/codes.ts";
import { SemelError, type SemelErrorOptions } from "../errors/semel-error.ts";
import type { Usage } from "./usage.ts";

/** How a call to a model can fail. `docs/errors.md` says of each what it means for the job. */
export type ModelErrorCode = Extract<ErrorCode, `MODEL_${string}`>;

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
    return SemelError.isInstance(thrown) && thrown.code.startsWith("MODEL_");
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
