import type { ErrorCode } from "./codes.ts";
import type { FailureClass } from "./failure-class.ts";

/**
 * Two copies of this package in one application are normal (ESM beside CommonJS, or two versions), so errors are
 * told apart by this mark and their `code`, never by `instanceof`.
 */
const brand = Symbol.for("semel.error");

export interface SemelErrorOptions extends ErrorOptions {
  /** Whether doing the same again can help. Default: false. */
  readonly isRetryable?: boolean | undefined;
  /** Not before this many milliseconds from now: a floor, never shortened by jitter. */
  readonly retryAfterMs?: number | undefined;
  /**
   * What it means for a job whose processor throws it. Default: `retry` where `isRetryable`, else `fail`; `defer` for
   * `DEFERRED`.
   */
  readonly failureClass?: FailureClass | undefined;
  /**
   * Attempts it is worth, all in all, if that is fewer than the job has: a time-out that costs, a server that crashed on this
   * very input. Default: as many as the job has.
   */
  readonly maxAttempts?: number | undefined;
  /** Plain data for programs: what was expected, what came. Must survive JSON. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The base of every error Semel throws. Decide on `code`, show `message` to people, log `cause`.
 *
 * @example
 * try { await semel.enqueue(job, payload); }
 * catch (error) { if (SemelError.isInstance(error) && error.code === "CORRELATION_CONFLICT") return conflict(error.details); throw error; }
 */
export class SemelError extends Error {
  /** `true` for every SemelError, also one from another copy of this package. */
  static isInstance(thrown: unknown): thrown is SemelError {
    try {
      return typeof thrown === "object" && thrown !== null && (thrown as Record<symbol, unknown>)[brand] === true;
    } catch {
      // A proxy that throws at everything is none of ours.
      return false;
    }
  }

  readonly code: ErrorCode;
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly failureClass: FailureClass;
  readonly maxAttempts: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: SemelErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    // Not enumerable: loggers print own properties, and nobody wants to read the mark.
    Object.defineProperty(this, brand, { value: true, enumerable: false });
    this.name = new.target.name;
    this.code = code;
    this.isRetryable = options.isRetryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.failureClass = options.failureClass ?? (this.isRetryable ? "retry" : "fail");
    this.maxAttempts = options.maxAttempts;
    this.details = options.details ?? {};
  }

  /** Safe through `JSON.stringify`: an error otherwise serialises to `{}`. The cause is named, not dumped. */
  toJSON(): {
    name: string;
    code: ErrorCode;
    message: string;
    isRetryable: boolean;
    details: Readonly<Record<string, unknown>>;
  } {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      isRetryable: this.isRetryable,
      details: this.details,
    };
  }
}
