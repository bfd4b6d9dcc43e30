import {
  type Clock,
  type Duration,
  type EmbeddingModel,
  type Embeddings,
  type EmbedRequest,
  type ModelCall,
  ModelError,
  OptionInvalidError,
  systemClock,
} from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";
import { Gathering } from "./gathering.ts";

export interface BatchedOptions {
  /**
   * How long a call waits for others to come along while requests are under way. A call that finds none under way goes at once.
   * Default: `"5ms"`.
   */
  readonly window?: Duration | undefined;
  /** Texts of one request. Default, and at most: what the model takes. */
  readonly maxItems?: number | undefined;
  /** Tokens of all texts of one request. Default, and at most: what the model takes. */
  readonly maxTokens?: number | undefined;
  /** Requests under way at a time. Where they are all taken, what comes gathers. Default: 4. */
  readonly maxInFlight?: number | undefined;
  /** Whether texts of two tenants never share a request. Default: `false`; answers are never mixed either way. */
  readonly perTenant?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

const known: readonly (keyof BatchedOptions)[] = [
  "window",
  "maxItems",
  "maxTokens",
  "maxInFlight",
  "perTenant",
  "clock",
];

/**
 * The same model, of which calls that come at about the same time share requests. Each caller gets its own vectors, or its own error:
 * where the provider refuses a request, it is halved until the text is found that it will not have, and the others are embedded. A
 * request ends only when all its callers have gone. Its usage is shared out by the tokens of the texts, to the last token.
 *
 * A request of one call has the call's key; one of several has none, as no two of its callers would repeat it alike.
 *
 * @throws `OPTION_INVALID`
 */
export function batched(model: EmbeddingModel, options: BatchedOptions = {}): EmbeddingModel {
  knownOnly(options, known, "batched");
  const limits = {
    ...model.limits,
    maxItems: bounded("maxItems", options.maxItems, model.limits.maxItems),
    maxTokens: bounded("maxTokens", options.maxTokens, model.limits.maxTokens),
  };
  const settings = {
    windowMs: toMs(options.window ?? "5ms", "batched.window"),
    maxInFlight: bounded("maxInFlight", options.maxInFlight ?? 4, 10_000),
    clock: options.clock ?? systemClock,
    ...{ model, limits },
  };
  const gatherings = new Map<string | undefined, Gathering>();
  const gatheringOf = (tenant: string | undefined): Gathering => {
    const name = options.perTenant ? tenant : undefined;
    const found = gatherings.get(name) ?? new Gathering(settings, () => gatherings.delete(name));
    gatherings.set(name, found);
    return found;
  };
  return {
    ...model,
    // A call may bring more than a request holds: it is spread over several.
    limits: { ...limits, maxItems: Number.MAX_SAFE_INTEGER, maxTokens: Number.MAX_SAFE_INTEGER },
    countTokens: (text) => model.countTokens(text),
    embed: (request: EmbedRequest, call: ModelCall = {}): Promise<Embeddings> => {
      const wrong = checked(model, request);
      if (wrong) {
        call.onUsage?.({ certainty: "actual", inputTokens: 0, outputTokens: 0 });
        return Promise.reject(wrong);
      }
      return gatheringOf(call.tenant).embed(request.texts, call);
    },
  };
}

function bounded(option: string, value: number | undefined, most: number): number {
  if (value === undefined) return most;
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new OptionInvalidError(`batched.${option}`, `a whole number from 1 to ${most}`, value);
}

/** What no request could hold, before it spoils one for others. All else the model says itself. */
function checked(
  { provider, model, limits, countTokens }: EmbeddingModel,
  { texts }: EmbedRequest,
): ModelError | undefined {
  const wrong = (code: "MODEL_INPUT_INVALID" | "MODEL_INPUT_TOO_LONG", message: string): ModelError =>
    new ModelError(code, `${provider} ${model}: ${message}`, {
      ...{ provider, model, failureClass: "fail" },
      usage: { certainty: "actual", inputTokens: 0, outputTokens: 0 },
    });
  if (!Array.isArray(texts) || texts.length === 0)
    return wrong("MODEL_INPUT_INVALID", "expected at least one text, got none");
  for (const [index, text] of texts.entries()) {
    if (typeof text !== "string" || text.trim() === "")
      return wrong("MODEL_INPUT_INVALID", `text ${index}: expected a text that is not empty`);
    const tokens = countTokens(text);
    if (tokens > limits.maxItemTokens)
      return wrong(
        "MODEL_INPUT_TOO_LONG",
        `text ${index} has about ${tokens} tokens, the model takes ${limits.maxItemTokens}`,
      );
  }
  return undefined;
}
