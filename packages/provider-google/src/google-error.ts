import { listOf, peek } from "@semel/ai/provider";

/** What Google says of a failure: `{"error":{…}}`, with details by their types. */
export interface GoogleError {
  /** As it would be, where it came under 200. */
  readonly httpStatus: number | undefined;
  /** `RESOURCE_EXHAUSTED`, `INVALID_ARGUMENT` … */
  readonly word: string | undefined;
  readonly message: string | undefined;
  /** `API_KEY_INVALID` … */
  readonly reason: string | undefined;
  readonly retryDelayMs: number | undefined;
  /** Which quotas were exceeded. */
  readonly quotas: readonly string[];
}

const statusOfWord: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Of a body, or of the message the client makes of one; `undefined` where there is no such thing in it. */
export function googleErrorOf(said: string): GoogleError | undefined {
  const error = peek(parsed(said), "error");
  if (error === undefined || error === null) return undefined;
  const details = listOf(peek(error, "details"));
  const detail = (type: string): unknown => details.find((one) => text(peek(one, "@type"))?.endsWith(`.${type}`));
  const code = peek(error, "code");
  const word = text(peek(error, "status"));
  return {
    httpStatus: typeof code === "number" && code >= 400 && code < 600 ? code : statusOfWord[word ?? ""],
    word,
    message: text(peek(error, "message")) ?? text(error),
    reason: text(peek(detail("ErrorInfo"), "reason")),
    retryDelayMs: delayMs(text(peek(detail("RetryInfo"), "retryDelay"))),
    quotas: listOf(peek(detail("QuotaFailure"), "violations")).flatMap((one) => text(peek(one, "quotaId")) ?? []),
  };
}

/** The JSON in a text that may begin otherwise; the first of a list. */
function parsed(said: string): unknown {
  try {
    const found: unknown = JSON.parse(said.slice(Math.max(0, said.search(/[[{]/))));
    return Array.isArray(found) ? found[0] : found;
  } catch {
    return undefined;
  }
}

/** `"34s"`, `"34.07s"`. */
function delayMs(delay: string | undefined): number | undefined {
  const [, seconds] = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(delay ?? "") ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
