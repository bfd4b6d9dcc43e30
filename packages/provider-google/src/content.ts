import { listOf, numberOf, peek, textOf, type WireRequest, type WireText } from "@semel/ai/provider";

/** What is asked, and how it is to be answered. */
export function contentBody({ messages, maxTokens, temperature, stop, json }: WireRequest): {
  readonly contents: readonly object[];
  readonly config: object;
} {
  const system = messages.filter(({ role }) => role === "system");
  return {
    contents: messages
      .filter(({ role }) => role !== "system")
      .map(({ role, text }) => ({ role: role === "assistant" ? "model" : "user", parts: [{ text }] })),
    config: {
      ...(system.length > 0 && { systemInstruction: { parts: system.map(({ text }) => ({ text })) } }),
      maxOutputTokens: maxTokens,
      ...(temperature !== undefined && { temperature }),
      ...(stop !== undefined && stop.length > 0 && { stopSequences: stop }),
      ...(json && { responseMimeType: "application/json", responseJsonSchema: json.schema }),
      ...once,
    },
  };
}

/** One call is one request: the client would go on by itself where an answer was cut. */
export const once = { automaticContinuation: false, automaticFunctionCalling: { disable: true } } as const;

/** A whole answer, or a piece of a stream. */
export function readContent(answer: unknown): WireText {
  const [candidate] = listOf(peek(answer, "candidates"));
  return {
    text: partsOf(candidate)
      .map((part) => textOf(peek(part, "text")) ?? "")
      .join(""),
    ...endOf(answer, candidate),
    ...usageOf(answer),
    model: textOf(peek(answer, "modelVersion")),
    requestId: textOf(peek(answer, "responseId")),
  };
}

/** The parts of the answer; what the model thought on the way is none. */
export const partsOf = (candidate: unknown): readonly unknown[] =>
  listOf(peek(peek(candidate, "content"), "parts")).filter((part) => peek(part, "thought") !== true);

/** What a stream says it cost grows with its pieces: it is what is paid only once the end is there. */
export async function* readPieces(stream: AsyncIterable<unknown>): AsyncGenerator<WireText> {
  let cost: Pick<WireText, "outputTokens" | "cachedInputTokens"> = {};
  let isDone = false;
  for await (const chunk of stream) {
    const { outputTokens, cachedInputTokens, ...piece } = readContent(chunk);
    if (outputTokens !== undefined) cost = { outputTokens, cachedInputTokens };
    isDone ||= piece.finish !== undefined;
    yield isDone ? { ...piece, ...cost } : piece;
  }
}

const blocking = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION",
  "MODEL_ARMOR",
  "ESCALATION",
  "PUP_LIMITED_DISABLED",
]);

/** `OTHER`, a malformed answer, or a call of a tool that nobody offered: no end, and another try may have one. */
function endOf(answer: unknown, candidate: unknown): Pick<WireText, "finish" | "blocked"> {
  const refused = textOf(peek(peek(answer, "promptFeedback"), "blockReason"));
  if (refused !== undefined) return { finish: "blocked", blocked: refused };
  const reason = textOf(peek(candidate, "finishReason")) ?? "";
  if (blocking.has(reason)) return { finish: "blocked", blocked: reason };
  if (reason === "STOP") return { finish: "stop" };
  // `CONTINUATION`: cut at a bound of Google's, and not gone on with.
  if (reason === "MAX_TOKENS" || reason === "CONTINUATION") return { finish: "length" };
  return {};
}

/** Thoughts are paid for as the answer is. What is 0, Google leaves out. */
function usageOf(answer: unknown): Pick<WireText, "inputTokens" | "outputTokens" | "cachedInputTokens"> {
  const usage = peek(answer, "usageMetadata");
  const count = (name: string): number | undefined => numberOf(peek(usage, name));
  const inputTokens = count("promptTokenCount");
  if (inputTokens === undefined) return {};
  return {
    inputTokens,
    outputTokens: (count("candidatesTokenCount") ?? 0) + (count("thoughtsTokenCount") ?? 0),
    cachedInputTokens: count("cachedContentTokenCount"),
  };
}
