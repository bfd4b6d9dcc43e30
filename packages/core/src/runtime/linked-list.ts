/** A place in a {@link LinkedList}. */
export class Link<T> {
  readonly item: T;
  /** `undefined` once it has left. */
  list: LinkedList<T> | undefined;
  before: Link<T> | undefined;
  after: Link<T> | undefined;

  constructor(item: T, list: LinkedList<T>, before: Link<T> | undefined) {
    this.item = item;
    this.list = list;
    this.before = before;
  }

  /** Gives the place up, wherever in the list it is. Once is enough. */
  leave(): void {
    this.list?.remove(this);
  }
}

/**
 * First in, first out, and from the middle too, each in constant time however many there are: an array moves all those
 * that stay, and a Map that is emptied from its front looks at all those that have gone.
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first?.item;
  }

  push(item: T): Link<T> {
    const link = new Link(item, this, this.#last);
    if (this.#last) this.#last.after = link;
    else this.#first = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  shift(): T | undefined {
    const link = this.#first;
    link?.leave();
    return link?.item;
  }

  /** The first of them, at most `most`. */
  take(most: number): T[] {
    const taken: T[] = [];
    while (this.#first && taken.length < most) {
      taken.push(this.#first.item);
      this.#first.leave();
    }
    return taken;
  }

  /** In order. What leaves meanwhile is passed over. */
  *[Symbol.iterator](): Iterator<T> {
    const links: Link<T>[] = [];
    for (let link = this.#first; link; link = link.after) links.push(link);
    for (const link of links) if (link.list === this) yield link.item;
  }

  /** Takes a link out that is in this list. */
  remove(link: Link<T>): void {
    if (link.list !== this) return;
    const { before, after } = link;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    // What has left must not keep its neighbours in memory.
    link.list = link.before = link.after = undefined;
    this.#size--;
  }
}
