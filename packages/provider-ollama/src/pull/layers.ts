import { numberOf, peek, textOf } from "@semel/ai/provider";

interface Layer {
  readonly total: number;
  readonly completed: number;
}

/** What a pull has said so far: a model is several layers, one after the other. */
export class Layers {
  status = "";
  readonly #layers = new Map<string, Layer>();
  /** What was there when the first bytes were counted: an earlier pull's. */
  #start: { readonly at: number; readonly completed: number } | undefined;

  /** Takes a line in. @returns whether it says anything new: a server repeats itself while nothing moves. */
  read(line: unknown, now: number): boolean {
    const status = textOf(peek(line, "status")) ?? this.status;
    const digest = textOf(peek(line, "digest"));
    let isNew = status !== this.status;
    this.status = status;
    if (digest === undefined) return isNew;
    const before = this.#layers.get(digest) ?? { total: 0, completed: 0 };
    const layer = {
      total: Math.max(before.total, numberOf(peek(line, "total")) ?? 0),
      completed: Math.max(before.completed, numberOf(peek(line, "completed")) ?? 0),
    };
    isNew ||= layer.total > before.total || layer.completed > before.completed;
    this.#layers.set(digest, layer);
    this.#start ??= { at: now, completed: layer.completed };
    return isNew;
  }

  get totalBytes(): number {
    return this.#sum("total");
  }

  get completedBytes(): number {
    return this.#sum("completed");
  }

  /** Milliseconds until all is there, at the speed so far; `undefined` while there is none. */
  leftMs(now: number): number | undefined {
    if (!this.#start) return undefined;
    const [bytes, elapsedMs] = [this.completedBytes - this.#start.completed, now - this.#start.at];
    if (bytes <= 0 || elapsedMs <= 0) return undefined;
    return ((this.totalBytes - this.completedBytes) / bytes) * elapsedMs;
  }

  #sum(what: keyof Layer): number {
    let sum = 0;
    for (const layer of this.#layers.values()) sum += layer[what];
    return sum;
  }
}
