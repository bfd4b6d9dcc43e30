import type { ModelDialect } from "@semel/testing/models";

const line = (data: object): string => `${JSON.stringify({ model: "of-test:latest", ...data })}\n`;
const counts = { prompt_eval_count: 5, eval_count: 3 };
/** Ollama has no word for a refusal of its own: this is what a cloud's model behind it says. */
const reasons = { stop: "stop", length: "length", blocked: "content_filter" } as const;

/** How Ollama speaks: one JSON text for vectors, lines of JSON for chats. */
export const dialect: ModelDialect = {
  embeddings: (vectors) => ({
    model: "of-test:latest",
    embeddings: vectors.map(({ values }) => values),
    prompt_eval_count: 5,
  }),
  text: ({ text, finish }) => ({
    model: "of-test:latest",
    message: { role: "assistant", content: text },
    ...(finish === undefined ? { done: false } : { done: true, done_reason: reasons[finish], ...counts }),
  }),
  stream: (pieces, finish) => [
    ...pieces.map((content) => line({ message: { role: "assistant", content }, done: false })),
    ...(finish === undefined
      ? []
      : [line({ message: { role: "assistant", content: "" }, done: true, done_reason: reasons[finish], ...counts })]),
  ],
  streamType: "application/x-ndjson",
  streamError: ({ message }) => `${JSON.stringify({ error: message })}\n`,
  error: ({ message }) => ({ error: message }),
  codes: {
    tooLong: { status: 400, code: undefined, message: "the input length exceeds the context length" },
    unknownModel: { status: 404, code: undefined, message: "model 'of-test' not found" },
    tooSmall: {
      status: 500,
      code: undefined,
      message: "model requires more system memory (9.9 GiB) than is available (7.6 GiB)",
    },
    busy: {
      status: 503,
      code: undefined,
      message: "server busy, please try again.  maximum pending requests exceeded",
    },
  },
};
