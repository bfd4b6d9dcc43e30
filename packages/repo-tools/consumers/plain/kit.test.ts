// A user's own test, under Node's own runner: the kit must leave nothing open, or the process does not end.
import assert from "node:assert/strict";
import { it } from "node:test";
import { defineJob, processor, RetryAfterError } from "@semel/core";
import { createTestKit } from "@semel/testing";
import { z } from "zod";

const job = defineJob({
  type: "charge",
  payload: z.object({ order: z.string() }),
  result: z.object({ tokens: z.number() }),
  correlation: ["order"],
});

it("retries not before the provider's hint, and gives the same key again", async () => {
  const keys: string[] = [];
  const charge = processor(job, async ({ once }) =>
    once("charge", ({ key }) => {
      keys.push(key);
      if (keys.length === 1) throw new RetryAfterError("20s");
      return { tokens: 7 };
    }),
  );
  const kit = createTestKit({ processors: [charge] });
  const { id } = await kit.semel.enqueue(job, { order: "o-1" });
  const drained: { readonly retried: number } = await kit.drain();
  assert.equal(drained.retried, 1);
  assert.equal((await kit.advance("19s")).completed, 0);
  assert.equal((await kit.advance("10s")).completed, 1);
  const status = await kit.semel.status(job, id);
  assert.equal(status?.state, "completed");
  assert.equal(keys[0], keys[1]);
  await kit.close();
});
