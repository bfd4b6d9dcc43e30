import type { FailureClass, ModelErrorCode } from "@semel/core";
import type { DialectMeaning } from "./model-dialect.ts";

/** What a provider does instead of answering. */
export type FaultyWay =
  /** An answer that is a refusal. `means`: in the provider's own words for it. */
  | {
      readonly is: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly means?: DialectMeaning | undefined;
    }
  /** Under status 200, a body that is no answer. */
  | { readonly is: "body"; readonly text: string; readonly type: "application/json" | "text/html" }
  /** Under status 200, the provider's error. */
  | { readonly is: "error-under-200" }
  /** The connection is gone, after this much of the answer. */
  | { readonly is: "reset"; readonly after: string }
  /** Nothing more comes, after this much of the answer. */
  | { readonly is: "silence"; readonly after: string }
  /** The connection never came about. */
  | { readonly is: "no-connection"; readonly cause: string };

/** The faults by name; a number is a status. */
export type ModelFaultName =
  | "connection-refused"
  | "name-not-found"
  | "certificate-expired"
  | "reset-before-answer"
  | "reset-in-answer"
  | "no-answer"
  | "trickle"
  | "400"
  | "401"
  | "402"
  | "403"
  | "408"
  | "409"
  | "413"
  | "415"
  | "422"
  | "425"
  | "429"
  | "429-seconds"
  | "429-day"
  | "499"
  | "500"
  | "502"
  | "503"
  | "503-seconds"
  | "504"
  | "529"
  | "error-under-200"
  | "page"
  | "truncated-json"
  | "empty-body"
  | "quota-spent"
  | "too-long"
  | "unknown-model"
  | "content-refused"
  | "busy"
  | "machine-too-small";

/** A way a provider fails, whatever was asked of it, and what that means for the job. */
export interface ModelFault {
  readonly way: FaultyWay;
  readonly code: ModelErrorCode;
  readonly failureClass: FailureClass;
  readonly maxAttempts?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

const status = (status: number, headers?: Readonly<Record<string, string>>): FaultyWay => ({
  is: "status",
  status,
  headers,
});
const means = (meaning: DialectMeaning, status: number): FaultyWay => ({ is: "status", status, means: meaning });
const json = "application/json";

/**
 * Every line of the table of failures that no answer's shape has part in. An adapter is held to it by `describeModels`; a scripted
 * provider plays it.
 */
export const modelFaults: Readonly<Record<ModelFaultName, ModelFault>> = {
  "connection-refused": {
    way: { is: "no-connection", cause: "ECONNREFUSED" },
    code: "MODEL_UNREACHABLE",
    failureClass: "retry",
  },
  "name-not-found": {
    way: { is: "no-connection", cause: "ENOTFOUND" },
    code: "MODEL_UNREACHABLE",
    failureClass: "retry",
  },
  "certificate-expired": {
    way: { is: "no-connection", cause: "CERT_HAS_EXPIRED" },
    code: "MODEL_UNTRUSTED",
    failureClass: "fail",
  },
  "reset-before-answer": { way: { is: "reset", after: "" }, code: "MODEL_UNREACHABLE", failureClass: "retry" },
  "reset-in-answer": { way: { is: "reset", after: '{"object":"li' }, code: "MODEL_FAILED", failureClass: "retry" },
  "no-answer": {
    way: { is: "silence", after: "" },
    code: "MODEL_TIMEOUT",
    failureClass: "retry",
    maxAttempts: 3,
  },
  trickle: {
    way: { is: "silence", after: '{"object":' },
    code: "MODEL_TIMEOUT",
    failureClass: "retry",
    maxAttempts: 3,
  },
  "400": { way: status(400), code: "MODEL_REQUEST_REFUSED", failureClass: "fail" },
  "401": { way: status(401), code: "MODEL_CREDENTIAL_REFUSED", failureClass: "fail" },
  "402": { way: status(402), code: "MODEL_QUOTA_SPENT", failureClass: "defer" },
  "403": { way: status(403), code: "MODEL_REQUEST_REFUSED", failureClass: "fail" },
  "408": { way: status(408), code: "MODEL_FAILED", failureClass: "retry" },
  "409": { way: status(409), code: "MODEL_FAILED", failureClass: "retry" },
  "413": { way: status(413), code: "MODEL_REQUEST_REFUSED", failureClass: "fail" },
  "415": { way: status(415), code: "MODEL_REQUEST_REFUSED", failureClass: "fail" },
  "422": { way: status(422), code: "MODEL_REQUEST_REFUSED", failureClass: "fail" },
  "425": { way: status(425), code: "MODEL_FAILED", failureClass: "retry" },
  "429": { way: status(429), code: "MODEL_RATE_LIMITED", failureClass: "defer" },
  "429-seconds": {
    way: status(429, { "retry-after": "7" }),
    code: "MODEL_RATE_LIMITED",
    failureClass: "defer",
    retryAfterMs: 7_000,
  },
  "429-day": {
    way: status(429, { "retry-after": "86400" }),
    code: "MODEL_RATE_LIMITED",
    failureClass: "defer",
    retryAfterMs: 3_600_000,
  },
  "499": { way: status(499), code: "MODEL_FAILED", failureClass: "retry" },
  "500": { way: status(500), code: "MODEL_FAILED", failureClass: "retry", maxAttempts: 3 },
  "502": { way: status(502), code: "MODEL_FAILED", failureClass: "retry" },
  "503": { way: status(503), code: "MODEL_BUSY", failureClass: "defer" },
  "503-seconds": {
    way: status(503, { "retry-after": "7" }),
    code: "MODEL_BUSY",
    failureClass: "defer",
    retryAfterMs: 7_000,
  },
  "504": { way: status(504), code: "MODEL_FAILED", failureClass: "retry" },
  "529": { way: status(529), code: "MODEL_BUSY", failureClass: "defer" },
  "error-under-200": { way: { is: "error-under-200" }, code: "MODEL_FAILED", failureClass: "retry" },
  page: {
    way: { is: "body", text: "<html>Sign in</html>", type: "text/html" },
    code: "MODEL_ANSWER_INVALID",
    failureClass: "retry",
    maxAttempts: 2,
  },
  "truncated-json": {
    way: { is: "body", text: '{"object":"list","da', type: json },
    code: "MODEL_ANSWER_INVALID",
    failureClass: "retry",
  },
  "empty-body": { way: { is: "body", text: "", type: json }, code: "MODEL_ANSWER_INVALID", failureClass: "retry" },
  "quota-spent": { way: means("quotaSpent", 429), code: "MODEL_QUOTA_SPENT", failureClass: "defer" },
  "too-long": { way: means("tooLong", 400), code: "MODEL_INPUT_TOO_LONG", failureClass: "fail" },
  "unknown-model": { way: means("unknownModel", 404), code: "MODEL_UNKNOWN", failureClass: "fail" },
  "content-refused": { way: means("contentBlocked", 400), code: "MODEL_CONTENT_BLOCKED", failureClass: "fail" },
  busy: { way: means("busy", 503), code: "MODEL_BUSY", failureClass: "defer" },
  "machine-too-small": { way: means("tooSmall", 500), code: "MODEL_UNSUPPORTED", failureClass: "fail" },
};
