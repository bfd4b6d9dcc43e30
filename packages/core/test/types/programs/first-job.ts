/** (a) The smallest complete program: a paid call, asked for twice, made once. */
import { createSemel, defineJob, digest, processor } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";
import { FakeOpenAI } from "./stand-ins.ts";

const embedChunk = defineJob({
  type: "embed-chunk",
  payload: z.object({ documentId: z.string(), index: z.number().int(), hash: z.string(), text: z.string() }),
  result: z.object({ dimensions: z.number() }),
  correlation: ["documentId", "index", "hash"],
});

export async function firstJob(openai: FakeOpenAI = new FakeOpenAI()): Promise<readonly unknown[]> {
  const embed = processor(embedChunk, async ({ payload, once }) => {
    const vector = await once("embed", async ({ key, signal }) => {
      const request = { model: "text-embedding-3-large", input: payload.text };
      const answer = await openai.embeddings.create(request, { idempotencyKey: key, signal });
      return new Float32Array(answer.data[0]?.embedding ?? []);
    });
    return { dimensions: vector.length };
  });

  const semel = createSemel({ ...memory(), logger: false });
  semel.worker({ processors: [embed] });
  const text = "Arma virumque cano";
  const chunk = { documentId: "canon-1", index: 0, hash: digest(text), text };
  const first = await semel.enqueue(embedChunk, chunk);
  const again = await semel.enqueue(embedChunk, chunk);
  const result = await first.result();
  const later = await semel.enqueue(embedChunk, chunk);
  await semel.close();
  const value = later.outcome === "replayed" ? later.value?.dimensions : undefined;
  return [again.outcome, again.id === first.id, result, later.outcome, value];
}
