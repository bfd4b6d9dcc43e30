import { ModelError, type ModelErrorCode, type ModelErrorOptions, type Usage } from "@semel/core";
import { nothingSpent } from "../usage-sum.ts";
import type { FailureFacts } from "./failure-facts.ts";
import { redactMessage } from "./redact-message.ts";
import { retryAfterMs } from "./retry-after.ts";
import { noteUnclassified } from "./unclassified.ts";

/** Of which model, with which secrets that must not be shown, and what the call has cost. */
export interface Call {
  readonly provider: string;
  readonly model: string;
  readonly host: string;
  readonly now: number;
  readonly usage: Usage;
  readonly secrets: readonly string[];
}

type Judgement = Pick<ModelErrorOptions, "failureClass" | "isRetryable" | "maxAttempts" | "retryAfterMs">;

const fail: Judgement = { failureClass: "fail" };
const retry: Judgement = { failureClass: "retry", isRetryable: true };
/** What may be paid for each time, or crashes on this very input. */
const retryTwice: Judgement = { ...retry, maxAttempts: 3 };
const retryOnce: Judgement = { ...retry, maxAttempts: 2 };
const defer = (hintMs: number): Judgement => ({ failureClass: "defer", isRetryable: true, retryAfterMs: hintMs });

const unhintedDeferMs = 5_000;
/** A quota is not refilled by waiting a little; somebody has to pay, or a day has to end. */
const parkedMs = 600_000;

const quotaCodes = new Set([
  "insufficient_quota",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
  "billing_hard_limit_reached",
]);
const tooLongCodes = new Set(["context_length_exceeded", "string_above_max_length", "max_tokens_exceeded"]);
const blockedCodes = new Set(["content_policy_violation", "content_filter", "moderation_blocked"]);
const unknownModelCodes = new Set(["model_not_found", "invalid_model", "unknown_model"]);
/** The model is too large for the machine, and will be the next time. Another model may do. */
const tooSmallCodes = new Set(["insufficient_memory"]);
const busyCodes = new Set(["server_is_overloaded", "overloaded_error", "slow_down"]);
const timeoutCauses = new Set(["ETIMEDOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/**
 * What a failure means. Looks at the connection's cause and the provider's code first, then at the status, then at its type; never at the
 * class of an error, and never at a message: what a provider says only there, its adapter turns into a code.
 */
export function classify(facts: FailureFacts, call: Call): ModelError {
  const [code, judgement] = judge(facts, call.now);
  const { status } = facts;
  // Whatever a provider says it may say the key in.
  const clean = (text: string | undefined): string | undefined => text && redactMessage(text, call.secrets);
  const [requestId, providerCode] = [clean(facts.requestId), clean(facts.code)];
  const options: ModelErrorOptions = {
    ...judgement,
    provider: call.provider,
    model: call.model,
    status,
    requestId,
    providerCode,
    usage: nothingPaid.has(code) && !facts.hasBegun && !hasOutput(call.usage) ? nothingSpent : call.usage,
    details: {
      ...(status !== undefined && { status }),
      ...(providerCode !== undefined && { providerCode }),
      ...(facts.cause !== undefined && { cause: facts.cause, host: call.host }),
    },
  };
  const message = redactMessage(inWords(facts, call), call.secrets);
  return new ModelError(code, `${call.provider} ${call.model}: ${message}`, options);
}

/** Clients say "fetch failed"; who was asked, and what became of it, is what helps. */
function inWords({ cause, status, hasBegun, answer, message }: FailureFacts, { host }: Call): string {
  if (cause !== undefined && status === undefined)
    return hasBegun ? `${message} (${host}: ${cause})` : `no answer from ${host} (${cause})`;
  return answer === "page" ? `${message}; is ${host} the address of its API?` : message;
}

/** A stream that has said something was paid for, whatever ends it. */
const hasOutput = (usage: Usage): boolean => usage.certainty !== "unknown" && usage.outputTokens > 0;

const nothingPaid: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_UNREACHABLE",
  "MODEL_UNTRUSTED",
  "MODEL_RATE_LIMITED",
  "MODEL_QUOTA_SPENT",
  "MODEL_BUSY",
  "MODEL_CREDENTIAL_REFUSED",
  "MODEL_UNKNOWN",
  "MODEL_UNSUPPORTED",
  "MODEL_REQUEST_REFUSED",
  "MODEL_INPUT_TOO_LONG",
  "MODEL_PREPARING",
]);

function judge(facts: FailureFacts, now: number): readonly [ModelErrorCode, Judgement] {
  const { status, code = "", type = "", cause } = facts;
  const hintMs = retryAfterMs(facts, now);
  // A page is a proxy's or a portal's: it will be there the next time, too.
  if (facts.answer === "page") return ["MODEL_ANSWER_INVALID", retryOnce];
  if (facts.answer === "broken") return ["MODEL_ANSWER_INVALID", retry];
  if (cause !== undefined && /CERT|TLS|SSL|UNABLE_TO_/.test(cause)) return ["MODEL_UNTRUSTED", fail];
  if (cause !== undefined && timeoutCauses.has(cause)) return ["MODEL_TIMEOUT", retryTwice];
  if (cause !== undefined && status === undefined)
    return facts.hasBegun ? ["MODEL_FAILED", retry] : ["MODEL_UNREACHABLE", retry];
  if (quotaCodes.has(code) || quotaCodes.has(type) || status === 402)
    return ["MODEL_QUOTA_SPENT", defer(hintMs ?? parkedMs)];
  if (tooLongCodes.has(code)) return ["MODEL_INPUT_TOO_LONG", fail];
  if (blockedCodes.has(code)) return ["MODEL_CONTENT_BLOCKED", fail];
  if (unknownModelCodes.has(code)) return ["MODEL_UNKNOWN", fail];
  if (tooSmallCodes.has(code)) return ["MODEL_UNSUPPORTED", fail];
  if (facts.answer === "error" && status === undefined) return ["MODEL_FAILED", retry];
  if (busyCodes.has(code))
    return [status === 429 ? "MODEL_RATE_LIMITED" : "MODEL_BUSY", defer(hintMs ?? unhintedDeferMs)];
  return byStatus(facts, hintMs);
}

function byStatus(facts: FailureFacts, hintMs: number | undefined): readonly [ModelErrorCode, Judgement] {
  const { status } = facts;
  switch (status) {
    case 401:
      return ["MODEL_CREDENTIAL_REFUSED", fail];
    case 404:
      return ["MODEL_UNKNOWN", fail];
    case 408:
    case 409:
    case 425:
      return ["MODEL_FAILED", { ...retry, retryAfterMs: hintMs }];
    case 429:
      return ["MODEL_RATE_LIMITED", defer(hintMs ?? unhintedDeferMs)];
    case 499:
      return ["MODEL_FAILED", retry];
    case 500:
      return ["MODEL_FAILED", retryTwice];
    case 503:
    case 529:
      return ["MODEL_BUSY", defer(hintMs ?? unhintedDeferMs)];
  }
  // A redirect that was not followed: the address is another one.
  if (status !== undefined && status >= 300 && status < 400) return ["MODEL_ANSWER_INVALID", retryOnce];
  if (status !== undefined && status >= 400 && status < 500) return ["MODEL_REQUEST_REFUSED", fail];
  if (status !== undefined && status >= 500) return ["MODEL_FAILED", { ...retry, retryAfterMs: hintMs }];
  // Without a status and of no known type, but said by the provider in so many words: no mystery.
  if (facts.answer !== "error") noteUnclassified(facts);
  return ["MODEL_FAILED", retry];
}

/** An answer that is none: it was paid for, and is not what the provider promises. */
export function badAnswer(call: Call, what: string, isPage = false): ModelError {
  return new ModelError("MODEL_ANSWER_INVALID", `${call.provider} ${call.model}: ${what}`, {
    ...(isPage ? retryOnce : retry),
    provider: call.provider,
    model: call.model,
    usage: call.usage,
  });
}

export function failed(
  call: Call,
  code: ModelErrorCode,
  message: string,
  judgement: Partial<Judgement> & { readonly details?: Readonly<Record<string, unknown>> } = {},
): ModelError {
  const { provider, model, usage } = call;
  return new ModelError(code, `${provider} ${model}: ${message}`, {
    failureClass: "fail",
    provider,
    model,
    usage,
    ...judgement,
  });
}

/** @param why in the provider's words. */
export const refusedContent = (call: Call, why = "no reason given"): ModelError =>
  failed(call, "MODEL_CONTENT_BLOCKED", `the provider refuses the content: ${redactMessage(why, call.secrets)}`);

export const timedOut = (call: Call, what: string): ModelError => failed(call, "MODEL_TIMEOUT", what, retryTwice);
