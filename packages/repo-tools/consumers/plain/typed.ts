// What a careful user's compiler makes of jobs and processors: what is right passes, what is wrong is refused.
import {
  createSemel,
  defineJob,
  type Enqueued,
  type JobContext,
  NonRetryableError,
  Processor,
  processor,
} from "@semel/core";
import { redis } from "@semel/redis";
import { z } from "zod";

const summarise = defineJob({
  type: "summarise",
  payload: z.object({ documentId: z.string(), revision: z.number().int() }),
  result: z.object({ words: z.number() }),
  tenant: "required",
  correlation: ["documentId", "revision"],
  timeout: "2m",
});

export const byFunction = processor(summarise, async ({ payload, tenant, once, deadLetter }) => {
  if (payload.revision < 0) throw new NonRetryableError(`${tenant} has no such revision`);
  if (payload.documentId === "") return deadLetter("the document is gone");
  const words = await once("count", ({ key, signal }) => (signal.aborted ? 0 : key.length));
  return { words };
});

export class ByClass extends Processor.of(summarise) {
  readonly #model: (text: string) => Promise<number>;

  constructor(model: (text: string) => Promise<number>) {
    super();
    this.#model = model;
  }

  async process({ payload, once }: JobContext<typeof summarise>): Promise<{ words: number }> {
    return { words: await once("count", () => this.#model(payload.documentId)) };
  }
}

const semel = createSemel({ ...redis("redis://localhost:6379"), namespace: "typed" });
semel.worker({ processors: [byFunction], concurrency: 4 });

export async function enqueue(): Promise<number> {
  const ours = semel.forTenant("org-1");
  const first: Enqueued<typeof summarise> = await ours.enqueue(summarise, { documentId: "d", revision: 1 });
  if (first.outcome === "replayed" && first.value) return first.value.words;
  const { words } = await first.result({ timeout: "1m" });
  // @ts-expect-error a revision is a number
  await ours.enqueue(summarise, { documentId: "d", revision: "1" });
  // @ts-expect-error a field is missing
  await ours.enqueue(summarise, { documentId: "d" });
  // @ts-expect-error a delay has a unit
  await ours.enqueue(summarise, { documentId: "d", revision: 1 }, { delay: 5 });
  // @ts-expect-error the job asks for a tenant
  await semel.enqueue(summarise, { documentId: "d", revision: 1 });
  // @ts-expect-error the result is words, not a word
  processor(summarise, async () => ({ word: 1 }));
  return words;
}
