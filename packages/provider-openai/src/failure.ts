import { causeCodeOf, type FailureFacts, headersOf, peek } from "@semel/ai/provider";

/** An error in place of an answer, under status 200. */
export class ErrorBody {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** A page, or nothing, in place of an answer. */
export class NoAnswer {
  readonly answer: "page" | "broken";
  constructor(answer: "page" | "broken") {
    this.answer = answer;
  }
}

/** What a kind of error means where no status came with it: within a stream, or under status 200. */
const statusOfType: Readonly<Record<string, number>> = {
  server_error: 500,
  api_error: 500,
  overloaded_error: 529,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  tokens: 429,
  requests: 429,
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
};

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The facts of whatever the client threw. */
export function failure(thrown: unknown): FailureFacts {
  if (thrown instanceof NoAnswer)
    return {
      answer: thrown.answer,
      message:
        thrown.answer === "page"
          ? "it answered with a page or a text"
          : "it answered with nothing, or with broken JSON",
    };
  if (thrown instanceof SyntaxError) return { answer: "broken", message: "its JSON is broken", hasBegun: true };
  const body = peek(thrown, "error");
  const code = text(peek(thrown, "code")) ?? text(peek(body, "code"));
  const type = text(peek(thrown, "type")) ?? text(peek(body, "type"));
  const message = text(peek(body, "message")) ?? text(peek(thrown, "message")) ?? "no reason was given";
  const own = peek(thrown, "status");
  const said = typeof own === "number" ? own : undefined;
  const status = said ?? statusOfType[type ?? ""] ?? statusOfType[code ?? ""];
  // Without an answer the client throws an error with a place for headers; within one, fetch's own comes through as it is.
  const cause = said === undefined && body === undefined ? causeCodeOf(thrown) : undefined;
  const hasBegun = typeof thrown === "object" && thrown !== null && !("headers" in thrown);
  const requestId = text(peek(thrown, "requestID")) ?? text(peek(thrown, "request_id"));
  const isBody =
    said === undefined && cause === undefined && (body !== undefined || code !== undefined || type !== undefined);
  return {
    status,
    code: code === "invalid_api_key" ? undefined : code,
    type,
    message,
    headers: headersOf(peek(thrown, "headers")),
    cause: cause ?? (isBroken(thrown) ? "ECONNRESET" : undefined),
    hasBegun,
    requestId,
    ...(isBody && { answer: "error" as const }),
  };
}

/** `terminated`: how fetch says that a body broke off, with the reason below it, where it knows one. */
const isBroken = (thrown: unknown): boolean => thrown instanceof TypeError && peek(thrown, "status") === undefined;
