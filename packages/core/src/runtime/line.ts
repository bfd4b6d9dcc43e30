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
  #inside = 0;
  #waiting: Waiting[] = [];

  constructor(places: number) {
    this.#places = places;
  }

  async enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#places) await new Promise<void>((go, refuse) => this.#waiting.push({ go, refuse }));
    else this.#inside++;
    try {
      return await work();
    } finally {
      // A place that is free goes to the next in line, or is given up.
      const next = this.#waiting.shift();
      if (next) next.go();
      else this.#inside--;
    }
  }

  turnAway(error: unknown): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(error);
  }
}
