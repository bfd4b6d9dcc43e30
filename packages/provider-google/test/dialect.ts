import type { DialectText, ModelDialect } from "@semel/testing/models";

type Finish = DialectText["finish"];

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\r\n\r\n`;
const reasons = { stop: "STOP", length: "MAX_TOKENS", blocked: "SAFETY" } as const;
/** 3 tokens out, one of them for a thought. */
const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 2, thoughtsTokenCount: 1, totalTokenCount: 8 };

const answer = (parts: readonly object[], finish: Finish) => ({
  candidates: [
    { index: 0, content: { role: "model", parts }, ...(finish !== undefined && { finishReason: reasons[finish] }) },
  ],
  usageMetadata,
  modelVersion: "of-test-001",
  responseId: "resp-1",
});

const words: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
const daily = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
const quotaFailure = { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId: daily }] };

/** How the Gemini API speaks. */
export const dialect: ModelDialect = {
  embeddings: (vectors) => ({ embeddings: vectors.map(({ values }) => ({ values })) }),
  text: ({ text, finish }) => answer([{ text: "Hm.", thought: true }, ...(text === "" ? [] : [{ text }])], finish),
  stream: (pieces, finish) => [
    ...pieces.map((text) => frame(answer([{ text }], undefined))),
    ...(finish === undefined ? [] : [frame(answer([], finish))]),
  ],
  streamError: ({ status, message }) => frame({ error: { code: status, message, status: words[status] } }),
  images: (images) =>
    answer(
      images.map((bytes) => ({ inlineData: { mimeType: "image/png", data: Buffer.from(bytes).toString("base64") } })),
      "stop",
    ),
  error: ({ status, code, message }) => ({
    error: { code: status, message, status: words[status], ...(code === daily && { details: [quotaFailure] }) },
  }),
  codes: {
    quotaSpent: { status: 429, code: daily, message: "You exceeded your current quota" },
    tooLong: { status: 400, code: undefined, message: "The input token count (9001) exceeds the maximum" },
    unknownModel: { status: 404, code: undefined, message: "models/of-test is not found" },
    contentBlocked: { status: 400, code: undefined, message: "words that go against our Responsible AI practices" },
    busy: { status: 503, code: undefined, message: "The model is overloaded" },
  },
};
