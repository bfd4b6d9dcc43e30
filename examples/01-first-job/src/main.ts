import { createSemel, defineJob, digest, processor } from "@semel/core";
import { embedded } from "@semel/embedded";
import { z } from "zod";

const embedChunk = defineJob({
  type: "embed-chunk",
  payload: z.object({ documentId: z.string(), index: z.number().int(), hash: z.string(), text: z.string() }),
  result: z.object({ dimensions: z.number() }),
  correlation: ["documentId", "index", "hash"], // what makes two requests the same work
});
let paid = 0;
const model = async (text: string, _key: string) => new Float32Array(text.length).fill(++paid); // a call that costs
const embed = processor(embedChunk, async ({ payload, once }) => {
  const vector = await once("embed", ({ key }) => model(payload.text, key));
  return { dimensions: vector.length };
});

const semel = createSemel({ ...embedded("./.semel"), logger: false });
const text = `Arma virumque cano, ${Date.now()}`; // other text, other work
const chunk = { documentId: "canon-1", index: 0, hash: digest(text), text };
const first = await semel.enqueue(embedChunk, chunk);
const again = await semel.enqueue(embedChunk, chunk);
semel.worker({ processors: [embed] });
console.log(again.outcome, again.id === first.id, await first.result(), `paid ${paid} time`);
await semel.close();
