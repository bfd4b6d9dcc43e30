import { numberOf, peek, textOf, type WireRequest, type WireText } from "@semel/ai/provider";
import { answerOf } from "./answer.ts";

/** @param isOpenAi OpenAI's own models count the answer's tokens under another name than servers that follow its older API. */
export function chatBody(
  model: string,
  { messages, maxTokens, temperature, stop, json }: WireRequest,
  isOpenAi: boolean,
): object {
  return {
    model,
    messages: messages.map(({ role, text }) => ({ role, content: text })),
    ...(isOpenAi ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(stop !== undefined && stop.length > 0 && { stop }),
    ...(json && {
      response_format: {
        type: "json_schema",
        json_schema: { name: json.name, schema: json.schema, strict: isStrict(json.schema) },
      },
    }),
  };
}

type Schema = Readonly<Record<string, unknown>>;

/** Whether a schema is one that OpenAI can hold its models to: every field is required, and there are no others. */
export function isStrict(schema: Schema): boolean {
  const { type, properties, required, additionalProperties, items, anyOf } = schema;
  if (Array.isArray(anyOf) && !anyOf.every((one) => isStrict(one as Schema))) return false;
  if (type === "array") return items === undefined || isStrict(items as Schema);
  if (type !== "object") return true;
  const fields = Object.entries((properties ?? {}) as Record<string, Schema>);
  const needed = new Set(Array.isArray(required) ? required : []);
  return additionalProperties === false && fields.every(([name, field]) => needed.has(name) && isStrict(field));
}

export function readChat(answer: {
  readonly data: unknown;
  readonly request_id?: string | null | undefined;
}): WireText {
  const body = answerOf(answer.data);
  const choice = first(peek(body, "choices"));
  const message = peek(choice, "message");
  return {
    text: textOf(peek(message, "content")),
    ...endOf(choice, message),
    ...usageOf(body),
    model: textOf(peek(body, "model")),
    requestId: answer.request_id ?? undefined,
  };
}

/** A piece of a stream. */
export function readPiece(chunk: unknown): WireText {
  const body = answerOf(chunk);
  const choice = first(peek(body, "choices"));
  const delta = peek(choice, "delta");
  return {
    text: textOf(peek(delta, "content")),
    ...endOf(choice, delta),
    ...usageOf(body),
    model: textOf(peek(body, "model")),
  };
}

const first = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined);

function endOf(choice: unknown, message: unknown): Pick<WireText, "finish" | "blocked"> {
  const refusal = textOf(peek(message, "refusal"));
  if (refusal) return { finish: "blocked", blocked: refusal };
  switch (peek(choice, "finish_reason")) {
    case "stop":
      return { finish: "stop" };
    case "length":
      return { finish: "length" };
    case "content_filter":
      return { finish: "blocked", blocked: "content_filter" };
    default:
      return {};
  }
}

function usageOf(body: unknown): Pick<WireText, "inputTokens" | "outputTokens" | "cachedInputTokens"> {
  const usage = peek(body, "usage");
  return {
    inputTokens: numberOf(peek(usage, "prompt_tokens")),
    outputTokens: numberOf(peek(usage, "completion_tokens")),
    cachedInputTokens: numberOf(peek(peek(usage, "prompt_tokens_details"), "cached_tokens")),
  };
}
