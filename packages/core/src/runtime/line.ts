import { LinkedList } from "./linked-list.ts";

interface Waiting {
  go(): void;
  refuse(error: unknown): void;
}

/**
 * Lets so many in at a time; the others wait their turn. When one of those inside finds that it is no use
 * ({@link turnAway}), those who wait are told at once instead of finding out one after the other.
 */
export class Line {
  readonly #places: number;
  readonly #waiting = new LinkedList<Waiting>();
  #inside = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** Whoever is let in has to {@link leave}. A promise only where there is a wait; it rejects when turned away. */
  enter(): Promise<void> | undefined {
    if (this.#inside >= this.#places) return new Promise((go, refuse) => void this.#waiting.push({ go, refuse }));
    this.#inside++;
    return undefined;
  }

  /** A place that is free goes to the next in line, or is given up. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next.go();
    else this.#inside--;
  }

  turnAway(error: unknown): void {
    for (const { refuse } of this.#waiting.take(this.#waiting.size)) refuse(error);
  }
}
