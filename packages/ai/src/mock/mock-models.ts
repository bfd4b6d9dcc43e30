import type { EmbeddingModelOptions } from "../provider/embedding-model.ts";
import type { ImageModelOptions } from "../provider/image-model.ts";
import type { TextModelOptions, WireRequest, WireText } from "../provider/text-model.ts";
import { reckonTokens } from "../provider/tokens.ts";
import { madeUpData, madeUpImage, madeUpText, madeUpVector } from "./made-up.ts";

/** The same model with made-up answers: the checks, limits and deadlines around them are the real ones. */
export const mockEmbedding = (options: EmbeddingModelOptions): EmbeddingModelOptions => ({
  ...options,
  isMock: true,
  send: async (texts) => ({
    vectors: texts.map((text) => ({ values: madeUpVector(text, options.dimensions ?? 256) })),
    inputTokens: texts.reduce((sum, text) => sum + reckonTokens(text), 0),
  }),
});

export const mockText = (options: TextModelOptions): TextModelOptions => ({
  ...options,
  isMock: true,
  send: async (request) => answerTo(request),
  open: async (request) => inWords(answerTo(request)),
});

async function* inWords({ text = "", ...rest }: WireText): AsyncGenerator<WireText> {
  for (const word of text.split(/(?<= )/)) yield { text: word };
  yield rest;
}

export const mockImage = (options: ImageModelOptions): ImageModelOptions => ({
  ...options,
  isMock: true,
  send: async ({ prompt, count }) => ({
    images: Array.from({ length: count }, madeUpImage),
    inputTokens: reckonTokens(prompt),
    outputTokens: 0,
  }),
});

function answerTo({ messages, json, maxTokens }: WireRequest): WireText {
  const text = json ? JSON.stringify(madeUpData(json.schema)) : madeUpText(messages).slice(0, maxTokens * 4);
  return {
    text,
    finish: "stop",
    inputTokens: messages.reduce((sum, { text }) => sum + reckonTokens(text), 0),
    outputTokens: reckonTokens(text),
  };
}
