import type { FailureClass, ModelErrorCode } from "@semel/core";
import type { DialectError, ModelDialect } from "./model-dialect.ts";
import { type Reply, raw, resetBeforeHeaders, resetInside, status } from "./model-server.ts";

/** A way a provider fails, whatever was asked of it, and what that means for the job. */
export interface ModelFault {
  readonly name: string;
  readonly reply: Reply;
  readonly code: ModelErrorCode;
  readonly failureClass: FailureClass;
  readonly retryAfterMs?: number | undefined;
}

/** The table of failures that no answer's shape has part in. */
export function modelFaults(dialect: ModelDialect): readonly ModelFault[] {
  const error = (is: DialectError, headers?: Readonly<Record<string, string>>): Reply =>
    status(is.status, dialect.error(is), headers);
  const plain = (code: number, headers?: Readonly<Record<string, string>>): Reply =>
    error({ status: code, code: undefined, message: `status ${code}` }, headers);
  const named = (
    name: string,
    is: DialectError | undefined,
    code: ModelErrorCode,
    failureClass: FailureClass,
  ): readonly ModelFault[] => (is ? [{ name, reply: error(is), code, failureClass }] : []);
  const row = (
    name: string,
    reply: Reply,
    code: ModelErrorCode,
    failureClass: FailureClass,
    retryAfterMs?: number,
  ): ModelFault => ({ name, reply, code, failureClass, retryAfterMs });
  const { codes } = dialect;
  return [
    row("a reset before the headers", resetBeforeHeaders, "MODEL_UNREACHABLE", "retry"),
    row("a reset inside the body", resetInside('{"object":"li'), "MODEL_FAILED", "retry"),
    row("400", plain(400), "MODEL_REQUEST_REFUSED", "fail"),
    row("401", plain(401), "MODEL_CREDENTIAL_REFUSED", "fail"),
    row("403", plain(403), "MODEL_REQUEST_REFUSED", "fail"),
    row("408", plain(408), "MODEL_FAILED", "retry"),
    row("409", plain(409), "MODEL_FAILED", "retry"),
    row("413", plain(413), "MODEL_REQUEST_REFUSED", "fail"),
    row("422", plain(422), "MODEL_REQUEST_REFUSED", "fail"),
    row("429 without a hint", plain(429), "MODEL_RATE_LIMITED", "defer"),
    row("429 with seconds", plain(429, { "retry-after": "7" }), "MODEL_RATE_LIMITED", "defer", 7_000),
    row("429 with a day", plain(429, { "retry-after": "86400" }), "MODEL_RATE_LIMITED", "defer", 3_600_000),
    row("500", plain(500), "MODEL_FAILED", "retry"),
    row("502", plain(502), "MODEL_FAILED", "retry"),
    row("503", plain(503), "MODEL_BUSY", "defer"),
    row("504", plain(504), "MODEL_FAILED", "retry"),
    row("529", plain(529), "MODEL_BUSY", "defer"),
    row("a page of HTML under 200", raw("<html>Sign in</html>", "text/html"), "MODEL_ANSWER_INVALID", "retry"),
    row("truncated JSON under 200", raw('{"object":"list","da'), "MODEL_ANSWER_INVALID", "retry"),
    row("an empty body under 200", raw(""), "MODEL_ANSWER_INVALID", "retry"),
    ...named("a spent quota", codes.quotaSpent, "MODEL_QUOTA_SPENT", "defer"),
    ...named("an input that is too long", codes.tooLong, "MODEL_INPUT_TOO_LONG", "fail"),
    ...named("an unknown model", codes.unknownModel, "MODEL_UNKNOWN", "fail"),
    ...named("content that is refused", codes.contentBlocked, "MODEL_CONTENT_BLOCKED", "fail"),
    ...named("a busy server", codes.busy, "MODEL_BUSY", "defer"),
  ];
}
