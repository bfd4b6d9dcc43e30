import { numberOf, peek, reckonTokens, textOf, type WireRequest, type WireText } from "@semel/ai/provider";

export interface ChatSettings {
  readonly contextTokens: number | undefined;
  readonly keepAlive: string | number | undefined;
  readonly think: boolean | "low" | "medium" | "high" | undefined;
}

export const chatBody = (
  model: string,
  { messages, maxTokens, temperature, stop, json }: WireRequest,
  { contextTokens, keepAlive, think }: ChatSettings,
): object => ({
  model,
  messages: messages.map(({ role, text }) => ({ role, content: text })),
  stream: true,
  // Left to itself Ollama drops the oldest messages of what is too long, before it answers and while it does, and says nothing of it.
  truncate: false,
  shift: false,
  ...(json && { format: json.schema }),
  ...(think !== undefined && { think }),
  ...(keepAlive !== undefined && { keep_alive: keepAlive }),
  options: {
    num_predict: maxTokens,
    ...(temperature !== undefined && { temperature }),
    ...(stop !== undefined && stop.length > 0 && { stop }),
    ...(contextTokens !== undefined && { num_ctx: contextTokens }),
  },
});

/** The pieces of an answer. What a model thinks is none of it, but was worked for: it counts where the answer breaks off. */
export async function* pieces(lines: AsyncIterable<unknown>): AsyncGenerator<WireText> {
  let thought = 0;
  let said = 0;
  for await (const line of lines) {
    const message = peek(line, "message");
    const text = textOf(peek(message, "content"));
    thought += reckonTokens(textOf(peek(message, "thinking")) ?? "");
    said += reckonTokens(text ?? "");
    yield {
      text,
      ...endOf(line),
      inputTokens: numberOf(peek(line, "prompt_eval_count")),
      outputTokens: numberOf(peek(line, "eval_count")) ?? (thought > 0 ? thought + said : undefined),
      model: textOf(peek(line, "model")),
    };
  }
}

/** The whole of it. */
export async function collected(parts: AsyncIterable<WireText>): Promise<WireText> {
  let [all, text]: [WireText, string] = [{}, ""];
  for await (const part of parts) {
    text += part.text ?? "";
    all = { ...all, ...Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) };
  }
  return { ...all, text };
}

function endOf(line: unknown): Pick<WireText, "finish" | "blocked"> {
  if (peek(line, "done") !== true) return {};
  switch (peek(line, "done_reason")) {
    case "length":
      return { finish: "length" };
    // Of a model in somebody's cloud, behind Ollama's door.
    case "content_filter":
      return { finish: "blocked", blocked: "content_filter" };
    // The model was loaded or unloaded, and nothing was said.
    case "load":
    case "unload":
      return {};
    default:
      return { finish: "stop" };
  }
}
