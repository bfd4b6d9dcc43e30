import { existsSync, realpathSync } from "node:fs";
import { digest } from "@semel/core";
import { chunkSize, chunksOf } from "./chunk.ts";
import { documentId } from "./chunk-name.ts";
import { type Document, documentsIn, NotReadable, type Skipped } from "./documents.ts";
import type { ChunkPayload } from "./embed-chunk.ts";
import { hopelessPath, hopelessText } from "./mishaps.ts";
import type { Place } from "./state-folder.ts";

/** One pass over the folder: its chunks, and what it met on the way. */
export class Reading {
  documents = 0;
  readonly skipped: Skipped[] = [];
  /** Documents whose chunks are larger than usual, because they are. */
  readonly coarse: { readonly path: string; readonly size: number }[] = [];
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** The chunks, and behind them, if there were any, the one that is made up. */
  async *chunks(): AsyncGenerator<ChunkPayload> {
    const { folder, data, state, isRepository } = this.#place;
    const extension = isRepository ? ".md" : undefined;
    // What the demo writes may be in the very folder it reads.
    const except = [data, state].map((path) => (existsSync(path) ? realpathSync(path) : path));
    let isEmpty = true;
    for await (const found of documentsIn(folder, { extension, except })) {
      if ("why" in found) {
        this.skipped.push(found);
        continue;
      }
      for await (const chunk of this.#chunksOf(found)) {
        isEmpty = false;
        yield chunk;
      }
    }
    if (!isEmpty) yield this.#payload(hopelessPath, 0, hopelessText);
  }

  async *#chunksOf(document: Document): AsyncGenerator<ChunkPayload> {
    const size = chunkSize(document.bytes);
    try {
      for await (const { index, text } of chunksOf(document.pieces(), size)) {
        yield this.#payload(document.path, index, text);
      }
      this.documents++;
      if (size > chunkSize(0)) this.coarse.push({ path: document.path, size });
    } catch (error) {
      if (!(error instanceof NotReadable)) throw error;
      this.skipped.push({ path: document.path, why: error.message });
    }
  }

  #payload(path: string, index: number, text: string): ChunkPayload {
    return { documentId: documentId(this.#place.hash, path), index, hash: digest(text), text };
  }
}
