import { causeCodeOf, type FailureFacts, peek } from "@semel/ai/provider";
import { type Clock, systemClock } from "@semel/core";
import { type GoogleError, googleErrorOf } from "./google-error.ts";

/** An error in place of an answer: a refusal with its status, or under status 200 without. */
export class Refusal extends Error {
  readonly body: string;
  readonly status: number | undefined;
  readonly headers: Headers | undefined;
  constructor(body: string, status?: number, headers?: Headers) {
    super("it answered with an error");
    this.body = body;
    this.status = status;
    this.headers = headers;
  }
}

/** An answer for the beginning of a text that was too long, and was cut. */
export class Truncated extends Error {}

/** A page, or nothing, in place of an answer. */
export class NoAnswer extends Error {
  readonly answer: "page" | "broken";
  constructor(answer: "page" | "broken") {
    super(answer === "page" ? "it answered with a page or a text" : "it answered with nothing, or with broken JSON");
    this.answer = answer;
  }
}

/** The facts of whatever the client threw. */
export const failureOf =
  (clock: Clock = systemClock) =>
  (thrown: unknown): FailureFacts => {
    if (thrown instanceof NoAnswer) return { answer: thrown.answer, message: thrown.message };
    if (thrown instanceof Truncated)
      // It was embedded, and paid for.
      return { code: "context_length_exceeded", hasBegun: true, message: "a text was too long, and was cut" };
    const said = String(peek(thrown, "message") ?? thrown);
    if (thrown instanceof SyntaxError || brokenStream.test(said))
      return { answer: "broken", message: "its JSON is broken", hasBegun: true };
    const refusal = thrown instanceof Refusal ? thrown : undefined;
    const error = googleErrorOf(refusal?.body ?? said);
    const own = peek(thrown, "status");
    const status = typeof own === "number" ? own : error?.httpStatus;
    if (status === undefined && error === undefined)
      return refusal ? { answer: "broken", message: "its JSON is broken" } : unanswered(thrown, said);
    const facts: FailureFacts = {
      status,
      code: error?.word,
      message: error?.message ?? (refusal ? `status ${status}` : said),
      headers: refusal?.headers,
      retryAfterMs: error?.retryDelayMs,
      ...(status === undefined && { answer: "error" as const }),
    };
    return { ...facts, ...meaningOf(facts, error, clock) };
  };

/** How the client says that a stream stopped within a piece, or had one that is no JSON. */
const brokenStream = /^(Incomplete JSON segment|exception parsing stream chunk|Response body is empty)/;
/** How Google's authentication says that there are no credentials, or none that are good any more. It has no code for it. */
const noCredentials = /default credentials|invalid_grant|invalid_client|unauthorized_client/;

/** There was no answer, or it broke off. */
function unanswered(thrown: unknown, message: string): FailureFacts {
  const cause = causeCodeOf(thrown);
  if (cause === undefined && noCredentials.test(message)) return { status: 401, message };
  // `terminated`: how fetch says that a body broke off, with the reason below it, where it knows one.
  const hasBegun = thrown instanceof TypeError && message === "terminated";
  return { message, cause: cause ?? (hasBegun ? "ECONNRESET" : undefined), hasBegun };
}

const tooLong = /input token count|(input|context|prompt|text) is too long|payload size exceeds/i;
const keyReason = /^(API_KEY_|CONSUMER_SUSPENDED|ACCESS_TOKEN_)/;
const keyWords = /API key (not valid|expired|not found|was reported)|reported as leaked|unregistered callers/i;
const moneyWords = /credits? .*depleted|spend(ing)? cap/i;

/** What Google says in its details, or only in its words, in the codes that the kit knows. */
function meaningOf({ status }: FailureFacts, error: GoogleError | undefined, clock: Clock): Partial<FailureFacts> {
  const { word, message = "", reason = "", quotas = [] } = error ?? {};
  const isOneOf = (...statuses: readonly number[]): boolean => status !== undefined && statuses.includes(status);
  if (isOneOf(400, 403) && (keyReason.test(reason) || keyWords.test(message))) return { status: 401 };
  if (
    reason === "BILLING_DISABLED" ||
    (isOneOf(400, 403) && word !== "INVALID_ARGUMENT" && /\bbilling\b/i.test(message))
  )
    return { code: "insufficient_quota" };
  if (isOneOf(429) && moneyWords.test(message)) return { code: "insufficient_quota" };
  // The delay that comes with it is that of another limit, and the quota is still spent when it is over.
  if (isOneOf(429) && quotas.some((quota) => quota.includes("PerDay")))
    return { code: "insufficient_quota", headers: undefined, retryAfterMs: untilMidnightMs(clock.now()) };
  // Google also answers 500 to what is too long.
  if (isOneOf(400, 413, 500) && tooLong.test(message)) return { code: "context_length_exceeded" };
  if (isOneOf(400) && /Responsible AI/i.test(message)) return { code: "content_policy_violation" };
  return {};
}

const dayMs = 86_400_000;
const californian = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/Los_Angeles",
  hourCycle: "h23",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Daily quotas begin anew at midnight in California. */
function untilMidnightMs(now: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = californian.format(now).split(":").map(Number);
  return dayMs - ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}
