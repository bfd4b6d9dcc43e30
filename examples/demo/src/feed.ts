import type { Enqueued, Semel } from "@semel/core";
import { chunkName } from "./chunk-name.ts";
import { type ChunkPayload, embedChunk } from "./embed-chunk.ts";

const batchSize = 200;
/** Of every so many chunks one is enqueued twice. */
const twiceEvery = 10;

/** What `enqueue` answered. */
export type Answer = Enqueued<typeof embedChunk>;

/** Enqueues, and keeps what was asked of Semel and what it answered. */
export class Feed {
  requests = 0;
  /** Of the requests, those for a chunk that had just been enqueued. */
  twice = 0;
  created = 0;
  duplicates = 0;
  replayed = 0;
  refused = 0;
  isReading = true;
  /** By chunk, the first answer. */
  readonly jobs = new Map<string, Answer>();
  readonly #semel: Semel;

  constructor(semel: Semel) {
    this.#semel = semel;
  }

  /** Every chunk once, and some of them twice. */
  async run(chunks: AsyncIterable<ChunkPayload>, stop: AbortSignal): Promise<void> {
    let batch: ChunkPayload[] = [];
    for await (const chunk of chunks) {
      if (stop.aborted) return;
      batch.push(chunk);
      if (batch.length < batchSize) continue;
      await this.#enqueue(batch);
      batch = [];
    }
    await this.#enqueue(batch);
    this.isReading = false;
  }

  async #enqueue(batch: readonly ChunkPayload[]): Promise<void> {
    const twice = batch.filter((_, place) => place % twiceEvery === 0);
    this.twice += twice.length;
    for (const payloads of [batch, twice]) {
      const { accepted, refused } = await this.#semel.enqueueMany(embedChunk, payloads);
      this.requests += payloads.length;
      this.refused += refused.length;
      const holes = new Set(refused.map(({ index }) => index));
      const answered = payloads.filter((_, place) => !holes.has(place));
      for (const [place, answer] of accepted.entries()) this.#note(answered[place], answer);
    }
  }

  #note(payload: ChunkPayload | undefined, answer: Answer): void {
    if (answer.outcome === "created") this.created++;
    else if (answer.outcome === "duplicate") this.duplicates++;
    else this.replayed++;
    const chunk = payload && chunkName(payload);
    if (chunk !== undefined && !this.jobs.has(chunk)) this.jobs.set(chunk, answer);
  }
}
