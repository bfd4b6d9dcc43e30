import type { Clock, EmbeddingModel, Timer } from "@semel/core";
import type { Item } from "./item.ts";
import type { Room } from "./room.ts";
import { send } from "./send.ts";

export interface BatchRules {
  readonly windowMs: number;
  readonly maxItems: number;
  readonly maxTokens: number;
  /** Before the window is over, where nobody is left to wait for. */
  readonly leavesEarly: boolean;
}

/** Collects texts for a moment, and sends them as few requests as the limits allow. */
export class Batcher {
  readonly #model: EmbeddingModel;
  readonly #rules: BatchRules;
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  #items: Item[] = [];
  #tokens = 0;
  #timer: Timer | undefined;
  #turnEnd: NodeJS.Immediate | undefined;
  /** The window of those that wait is over: they go as soon as there is room. */
  #isDue = false;

  constructor(model: EmbeddingModel, rules: BatchRules, room: Room, clock: Clock, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#model = model;
    this.#rules = rules;
    this.#room = room;
    this.#clock = clock;
  }

  add(items: readonly Item[]): void {
    for (const item of items) {
      this.#items.push(item);
      this.#tokens += item.tokens;
    }
    this.pump();
  }

  /** Sends what may go now. */
  pump(): void {
    while (this.#items.length > 0 && this.#room.isFree && (this.#isFull || this.#isDue)) this.#send();
    if (this.#items.length === 0) this.#rest();
    else if (!this.#isDue) this.#wait();
  }

  #wait(): void {
    this.#timer ??= this.#clock.timer(this.#rules.windowMs, () => this.#windowOver());
    if (this.#turnEnd || !this.#rules.leavesEarly) return;
    if (!this.#room.isComplete(this.#items.length, this.#clock.monotonic())) return;
    // Not at once: what is asked for in this very turn goes along. That is no time to wait for, so no clock has part in it.
    this.#turnEnd = setImmediate(() => this.#windowOver());
  }

  get #isFull(): boolean {
    return this.#items.length >= this.#rules.maxItems || this.#tokens >= this.#rules.maxTokens;
  }

  #windowOver(): void {
    this.#stopWaiting();
    this.#isDue = true;
    this.pump();
  }

  #stopWaiting(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    clearImmediate(this.#turnEnd);
    this.#turnEnd = undefined;
  }

  #rest(): void {
    this.#stopWaiting();
    this.#isDue = false;
    this.#onEmpty();
  }

  #send(): void {
    const batch = this.#take();
    if (batch.length === 0) return;
    const end = this.#room.begin(this.#clock.monotonic(), batch.length);
    void send(this.#model, batch).then((found) => {
      end(this.#clock.monotonic(), found.refused === 0 && found.taken > 0);
    });
  }

  /** From the front, as many as fit; those whose caller is gone are dropped. One that fits nowhere goes alone, for the provider to say. */
  #take(): readonly Item[] {
    const batch: Item[] = [];
    let [at, tokens] = [0, 0];
    for (; at < this.#items.length && batch.length < this.#rules.maxItems; at++) {
      const item = this.#items[at] as Item;
      if (!item.owner.isOver) {
        if (batch.length > 0 && tokens + item.tokens > this.#rules.maxTokens) break;
        batch.push(item);
        tokens += item.tokens;
      }
      this.#tokens -= item.tokens;
    }
    this.#items = this.#items.slice(at);
    return batch;
  }
}
