import { read } from "../errors/failure.ts";
import type { FailureClass } from "../errors/failure-class.ts";
import { SemelError } from "../errors/semel-error.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface Verdict {
  readonly class: FailureClass;
  /** A floor for the wait. */
  readonly hintMs?: number | undefined;
  /** Attempts it is worth, all in all. */
  readonly maxAttempts?: number | undefined;
}

/** Statuses by which an HTTP service says that the request itself is wrong. */
const hopelessStatus = new Set([400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 416, 422, 451]);

/**
 * Judges anything a processor may throw: Semel's own errors by what they say of themselves, others by the HTTP status
 * and the `Retry-After` they carry, everything else as worth another attempt. Never looks at a message or a class.
 */
export function classify(thrown: unknown, now: number): Verdict {
  if (SemelError.isInstance(thrown)) {
    const { code, retryAfterMs: hintMs } = thrown;
    // A backend that will not have this process is not the job's fault, however little the same call can help.
    if (code === "QUEUE_UNAVAILABLE" || code === "STORE_UNAVAILABLE") return { class: "retry", hintMs };
    return { class: classOf(thrown), hintMs, maxAttempts: thrown.maxAttempts };
  }
  const status = read(thrown, "status") ?? read(thrown, "statusCode") ?? read(thrown, "status_code");
  const hintMs = hintOf(thrown, now);
  if (typeof status !== "number") return { class: "retry", hintMs };
  if (status === 429 || (status === 503 && hintMs !== undefined)) return { class: "defer", hintMs: hintMs ?? 5_000 };
  return hopelessStatus.has(status) ? { class: "fail" } : { class: "retry", hintMs };
}

/** An older copy of this package makes errors that do not say their class yet. */
function classOf({ code, isRetryable, failureClass }: SemelError): FailureClass {
  return failureClass ?? (code === "DEFERRED" ? "defer" : isRetryable ? "retry" : "fail");
}

/** From the headers an error carries. */
function hintOf(thrown: unknown, now: number): number | undefined {
  const headers = read(thrown, "headers") ?? read(read(thrown, "response"), "headers");
  return retryAfterMs((name) => header(headers, name), now);
}

function header(headers: unknown, name: string): string | undefined {
  try {
    const get = read(headers, "get");
    const value: unknown = typeof get === "function" ? get.call(headers, name) : read(headers, name);
    return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
  } catch {
    return undefined;
  }
}
