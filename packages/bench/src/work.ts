import { type AnyProcessor, createSemel, defineJob, type Job, type Json, processor } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";

export interface Chunk {
  readonly documentId: string;
  readonly index: number;
  readonly hash: string;
  readonly text: string;
}

export interface Dimensions {
  readonly dimensions: number;
}

export const chunkSchema: z.ZodType<Chunk, Chunk> = z.object({
  documentId: z.string(),
  index: z.number().int(),
  hash: z.string(),
  text: z.string(),
});

export const resultSchema: z.ZodType<Dimensions, Dimensions> = z.object({ dimensions: z.number() });

/** The job of every measurement; the type of the first example. */
export const embedChunk: Job<"embed-chunk", Chunk, Chunk, Dimensions, "none"> = defineJob({
  type: "embed-chunk",
  payload: chunkSchema,
  result: resultSchema,
  correlation: ["documentId", "index", "hash"],
});

/** What every side that keeps results keeps. */
export const result: Dimensions = { dimensions: 3 };

const text = "Arma virumque cano, Troiae qui primus ab oris Italiam fato profugus Laviniaque venit litora. ";
const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** Every index has as many digits as the others: all envelopes are of one size. */
const firstIndex = 1_000_000;

/** The payload of one job, 260 bytes of JSON. */
export const chunk = (documentId: string, index: number): Chunk => ({
  documentId,
  index: firstIndex + index,
  hash,
  text,
});

export const chunks = (documentId: string, from: number, count: number): Chunk[] =>
  Array.from({ length: count }, (_, index) => chunk(documentId, from + index));

/** What one attempt does: nothing, or waiting as for a call elsewhere. */
export async function work(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** The processor of Semel's sides. `steps`: the work is done in one `once` step. */
export function chunkProcessor(workMs: number, steps: boolean, started: () => void = () => {}): AnyProcessor {
  return processor(embedChunk, async ({ once }) => {
    started();
    const embed = async (): Promise<Dimensions> => {
      await work(workMs);
      return result;
    };
    return steps ? once("embed", embed) : embed();
  });
}

/** A job as it is for queues that know nothing of Semel: the same fields, so the same bytes. */
export interface PlainJob {
  readonly id: string;
  readonly data: Readonly<Record<string, Json>>;
}

/** Builds jobs whose JSON is as long as the envelope that Semel sends for the same payload. */
export async function plainJobs(): Promise<(documentId: string, index: number) => PlainJob> {
  sample ??= oneEnvelope();
  const { id, envelope } = await sample;
  const [key = ""] = id.split(".");
  const template = JSON.parse(envelope) as Record<string, Json>;
  return (documentId, index) => {
    const payload = { ...chunk(documentId, index) };
    const correlation = { documentId, index: payload.index, hash };
    // Of an id's length, and different for every job, as Semel's are.
    const own = `${key}.${documentId}-${payload.index}`.padEnd(id.length, "-");
    return { id: own, data: { ...template, id: own, correlation, payload } };
  };
}

let sample: ReturnType<typeof oneEnvelope> | undefined;

/** What Semel hands to its queue for one such job. */
async function oneEnvelope(): Promise<{ readonly id: string; readonly envelope: string }> {
  const backend = memory();
  const sent: { readonly id: string; readonly envelope: string }[] = [];
  const add = backend.queue.add.bind(backend.queue);
  backend.queue.add = (additions) => {
    sent.push(...additions);
    return add(additions);
  };
  const semel = createSemel({ ...backend, logger: false });
  await semel.enqueue(embedChunk, chunk("bench-000", 0));
  await semel.close();
  const [first] = sent;
  if (!first) throw new Error("nothing was handed to the queue");
  return first;
}
