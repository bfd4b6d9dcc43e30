/** (c) A job with a history: a second version, a paid step, a fenced write, and somebody who is told how it ended. */
import { createSemel, defineJob, NonRetryableError, processor, request, type Semel } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";
import type { FakeDatabase, FakeOpenAI } from "./stand-ins.ts";

/** A customer is told in a job of its own: a dead address must not kill work that was paid for. */
export const notify = defineJob({
  type: "notify-customer",
  payload: z.object({ event: z.string(), jobId: z.string(), entityId: z.string() }),
  tenant: "required",
  correlation: ["jobId", "event"],
  retry: { maxAttempts: 20, base: "10s", cap: "1h" },
  deadline: "3d",
});

export const reembed = defineJob({
  type: "reembed",
  version: 2,
  payload: z.object({
    entityId: z.string(),
    revision: z.number().int(),
    model: z.enum(["small", "large"]).default("small"),
  }),
  upcast: { 1: (old: { entityId: string }) => ({ ...old, revision: 1 }) },
  result: z.object({ rowId: z.string(), tokens: z.number() }),
  tenant: "required",
  correlation: ["entityId", "revision", "model"],
  window: "7d",
  retry: { maxAttempts: 6, base: "2s", cap: "5m" },
  timeout: "90s",
  deadline: "6h",
  queue: "embeddings",
  priority: "bulk",
  onSettled: ({ id, payload, state }) =>
    request(notify, {
      event: state === "completed" ? "entity.embedded" : "entity.embedding-failed",
      jobId: id,
      entityId: payload.entityId,
    }),
});

export interface Told {
  readonly tenant: string;
  readonly event: string;
}

export function reembedding(database: FakeDatabase, openai: FakeOpenAI): { semel: Semel; told: readonly Told[] } {
  const told: Told[] = [];
  const embed = processor(reembed, async ({ payload, tenant, once, fence }) => {
    const source = await database.find("entities", tenant, payload.entityId);
    if (!source) throw new NonRetryableError(`entity ${payload.entityId} is gone`);
    const { model, revision } = payload;
    const input = String(source.text);

    const { vector, tokens } = await once(
      "embed",
      async ({ key, signal }) => {
        const answer = await openai.embeddings.create({ model, input }, { idempotencyKey: key, signal });
        return { vector: new Float32Array(answer.data[0]?.embedding ?? []), tokens: answer.usage.total_tokens };
      },
      { input: { revision, model } },
    );

    // If this fails, the job is retried from here: the vector comes from the record.
    const id = `${payload.entityId}/${model}`;
    const row = await database.upsert("embeddings", { id, tenant, revision, vector: [...vector], fence });
    return { rowId: row.id, tokens };
  });
  const tell = processor(notify, async ({ payload, tenant, once }) => {
    await once("post", () => void told.push({ tenant, event: payload.event }));
  });

  const semel = createSemel({ ...memory(), logger: false });
  semel.worker({ processors: [embed, tell], concurrency: 20 });
  return { semel, told };
}
