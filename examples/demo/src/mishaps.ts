import { chunkLabel } from "./chunk-name.ts";

/** The made-up document the provider refuses. */
export const hopelessPath = "broken.md (made up)";
export const hopelessText = "The provider refuses this text, on every attempt.\n";

/**
 * What goes wrong on purpose. Of every seven chunks the first one's call fails before anything is paid, and the fourth
 * one's attempt fails right after; each once, so that a retry succeeds.
 */
export class Mishaps {
  readonly #order = new Map<string, number>();
  readonly #happened = new Set<string>();

  beforeEffect(chunk: string): void {
    if (this.#isDue(chunk, 0))
      throw new ProviderError(503, `${chunkLabel(chunk)}: the provider is overloaded (on purpose)`);
  }

  afterEffect(chunk: string): void {
    if (this.#isDue(chunk, 3)) throw new Error(`${chunkLabel(chunk)}: failed after the paid call (on purpose)`);
  }

  #isDue(chunk: string, place: number): boolean {
    const order = this.#order.get(chunk) ?? this.#order.size;
    this.#order.set(chunk, order);
    if (order % 7 !== place || this.#happened.has(chunk)) return false;
    this.#happened.add(chunk);
    return true;
  }
}

/** As HTTP clients throw it. Semel reads the status: 503 is worth another attempt, 422 is not. */
export class ProviderError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
