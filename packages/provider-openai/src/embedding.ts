import { numberOf, peek, textOf, type WireEmbeddings } from "@semel/ai/provider";
import { answerOf } from "./answer.ts";

/** Vectors as they were asked for, or as a compatible server gives them anyway: base64 of floats, or numbers. */
export function readEmbeddings(answer: {
  readonly data: unknown;
  readonly request_id?: string | null | undefined;
}): WireEmbeddings {
  const body = answerOf(answer.data);
  const list = peek(body, "data");
  const items = Array.isArray(list) ? list : [];
  return {
    vectors: items.map((item: unknown) => {
      const index = peek(item, "index");
      return { index: typeof index === "number" ? index : undefined, values: valuesOf(peek(item, "embedding")) };
    }),
    inputTokens: numberOf(peek(peek(body, "usage"), "prompt_tokens")),
    model: textOf(peek(body, "model")),
    requestId: answer.request_id ?? undefined,
  };
}

/** What is none, Node reads all the same, and leaves out what it does not know. */
const base64 = /^[\w+/\s-]+={0,2}\s*$/;

function valuesOf(embedding: unknown): ArrayLike<number> {
  if (Array.isArray(embedding)) return embedding.map((value) => (typeof value === "number" ? value : Number.NaN));
  if (typeof embedding !== "string" || !base64.test(embedding)) return [];
  const bytes = Buffer.from(embedding, "base64");
  // Not whole floats: no vector, and the kit says so.
  if (bytes.length === 0 || bytes.length % 4 !== 0) return [];
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
