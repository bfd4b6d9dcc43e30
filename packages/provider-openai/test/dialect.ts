import type { ModelDialect } from "@semel/testing/models";

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
const reasons = { stop: "stop", length: "length", blocked: "content_filter" } as const;
const errorOf = ({ status, code, message }: { status: number; code: string | undefined; message: string }) => ({
  error: { message, type: status >= 500 ? "server_error" : "invalid_request_error", param: null, code: code ?? null },
});

const base64Of = (values: readonly number[]): string =>
  Buffer.from(Float32Array.from(values).buffer).toString("base64");

/** @param form what the server makes of the wish for base64: OpenAI obeys, many compatible servers do not. */
export const dialect = (form: "base64" | "floats"): ModelDialect => ({
  hasIndexes: true,
  embeddings: (vectors) => ({
    object: "list",
    model: "text-embedding-of-test",
    data: vectors.map(({ index, values }) => ({
      object: "embedding",
      index,
      embedding: form === "base64" ? base64Of(values) : values,
    })),
    usage: { prompt_tokens: 5, total_tokens: 5 },
  }),
  text: ({ text, finish }) => ({
    id: "chatcmpl-1",
    object: "chat.completion",
    model: "gpt-of-test",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        finish_reason: finish === undefined ? null : reasons[finish],
      },
    ],
    usage,
  }),
  stream: (pieces, finish) => {
    const chunk = (delta: object, finish_reason: string | null): string =>
      frame({ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] });
    return [
      ...pieces.map((content) => chunk({ content }, null)),
      ...(finish === undefined
        ? []
        : [
            chunk({}, reasons[finish]),
            frame({ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [], usage }),
            "data: [DONE]\n\n",
          ]),
    ];
  },
  images: (images) => ({
    created: 1,
    data: images.map((bytes) => ({ b64_json: Buffer.from(bytes).toString("base64") })),
    usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 },
  }),
  streamError: (error) => frame(errorOf(error)),
  error: errorOf,
  codes: {
    quotaSpent: { status: 429, code: "insufficient_quota", message: "You exceeded your current quota" },
    tooLong: { status: 400, code: "context_length_exceeded", message: "maximum context length" },
    unknownModel: { status: 404, code: "model_not_found", message: "no such model" },
    contentBlocked: { status: 400, code: "content_policy_violation", message: "refused" },
    busy: { status: 503, code: "server_is_overloaded", message: "overloaded" },
  },
});
