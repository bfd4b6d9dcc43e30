/** A binary heap: puts what comes in any order in the order of `isBefore`, at the price of the logarithm of how many there are. */
export class Heap<T> {
  readonly #isBefore: (one: T, other: T) => boolean;
  /** Nothing is before what stands at half its index. */
  #entries: T[] = [];

  constructor(isBefore: (one: T, other: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  get first(): T | undefined {
    return this.#entries[0];
  }

  push(entry: T): void {
    let index = this.#entries.push(entry) - 1;
    for (let above = (index - 1) >> 1; this.#isMovedUp(index, above); above = (index - 1) >> 1) index = above;
  }

  shift(): T | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    if (last !== undefined && this.#entries.length > 0) {
      this.#entries[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /** Drops what is not wanted any more. */
  keep(isWanted: (entry: T) => boolean): void {
    this.#entries = this.#entries.filter(isWanted);
    for (let index = this.#entries.length >> 1; index >= 0; index--) this.#sink(index);
  }

  #sink(from: number): void {
    for (let index = from; ; ) {
      const below = this.#firstBelow(index);
      if (!this.#isMovedUp(below, index)) return;
      index = below;
    }
  }

  #firstBelow(index: number): number {
    const left = 2 * index + 1;
    const one = this.#entries[left];
    const other = this.#entries[left + 1];
    return one !== undefined && other !== undefined && this.#isBefore(other, one) ? left + 1 : left;
  }

  /** Whether what stands at `index` belonged before what stood at `above`, and has taken its place. */
  #isMovedUp(index: number, above: number): boolean {
    const entry = this.#entries[index];
    const other = this.#entries[above];
    if (entry === undefined || other === undefined || !this.#isBefore(entry, other)) return false;
    this.#entries[above] = entry;
    this.#entries[index] = other;
    return true;
  }
}
