/** What an adapter reads off whatever its client threw, or off an answer that is an error: plain facts, nothing judged. */
export interface FailureFacts {
  /** HTTP status; `undefined` where no answer came. */
  readonly status?: number | undefined;
  /** The provider's own code: `insufficient_quota`, `RESOURCE_EXHAUSTED`. */
  readonly code?: string | undefined;
  /** Its own kind of error, where it has one beside the code. */
  readonly type?: string | undefined;
  /** In its words. It is redacted before anybody sees it. */
  readonly message: string;
  /** How long it asks to be left alone, in milliseconds, where it says so otherwise than by a header. */
  readonly retryAfterMs?: number | undefined;
  /** Of the answer; only those of rate limits are read. */
  readonly headers?: HeadersLike | undefined;
  /** Of the connection's failure: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
  readonly cause?: string | undefined;
  readonly requestId?: string | undefined;
  /** An answer that is none: `broken` JSON, a `page` of HTML or text, an `error` in place of what was asked for, under status 200. */
  readonly answer?: "broken" | "page" | "error" | undefined;
  /** The answer had begun: what it cost is not known. */
  readonly hasBegun?: boolean | undefined;
}

export interface HeadersLike {
  get(name: string): string | null | undefined;
}

/** A property of something that may be anything. */
export function peek(value: unknown, key: string): unknown {
  try {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;

/** Headers as clients have them: with `get`, or as a plain object. */
export function headersOf(value: unknown): HeadersLike | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { get } = value as { readonly get?: unknown };
  if (typeof get === "function") return { get: (name) => textOf(Reflect.apply(get, value, [name])) };
  return { get: (name) => textOf(peek(value, name)) };
}

/** How deep the reason of a failed `fetch` is looked for. */
const mostCauses = 6;

/** The system's codes, those of Node's client, and those of TLS; what else Node calls `ERR_…` is about programs. */
const ofConnections = /^(E(?!RR_)[A-Z_]+|UND_ERR_[A-Z_]+|ERR_(TLS|SSL)_[A-Z_]+|[A-Z_]*CERT[A-Z_]*|UNABLE_TO_[A-Z_]+)$/;

/** The code of the failure at the bottom of a chain: `fetch failed` says nothing, its cause does. */
export function causeCodeOf(thrown: unknown): string | undefined {
  let found: string | undefined;
  let error = thrown;
  for (let depth = 0; depth < mostCauses && error !== undefined; depth++) {
    const code = peek(error, "code");
    if (typeof code === "string" && ofConnections.test(code)) found = code;
    error = peek(error, "cause");
  }
  return found;
}
