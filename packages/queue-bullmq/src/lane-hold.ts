import type { Clock, EpochMs, Timer } from "@semel/core/adapter";
import type { IQueueBackend } from "bullmq";

/** The queue's own records beside BullMQ's `paused`: of the hold without an end, and of the one with an end. */
const fields = ["semelHold", "semelRest"] as const;
const pollMs = 2_000;

/** What is wanted: that the lane is held until then (`null`: for ever), or that it is not. */
type Wish = { readonly until: EpochMs | null } | "released";

/** What is kept, as texts: `null` where nobody ever wished for anything. */
type Kept = readonly (string | null)[];

/**
 * Holds a lane across processes. A hold with an end and one without stand side by side: the end of the one does not end the
 * other, and a release ends both. The wish is written first and BullMQ's pause follows it; who changes the pause looks
 * at the wish once more afterwards, so whatever order several processes act in, the last wish wins. A hold with an end
 * is over when its time is over: whoever comes by then – its author, any process with a worker on the lane – resumes
 * the lane, so it does not matter who died.
 */
export class LaneHold {
  readonly #backend: IQueueBackend;
  readonly #clock: Clock;
  readonly #report: (text: string, error: unknown) => void;
  #watchers = 0;
  #poll: Timer | undefined;
  #end: Timer | undefined;
  /** The wish that was last carried out here: a pause somebody makes through BullMQ's own means is left alone. */
  #done: string | undefined;
  #isFailing = false;
  #closed = false;

  constructor(backend: IQueueBackend, clock: Clock, report: (text: string, error: unknown) => void) {
    this.#backend = backend;
    this.#clock = clock;
    this.#report = report;
  }

  async set(wish: Wish): Promise<void> {
    const text = JSON.stringify(wish);
    const [forEver, untilThen] = fields;
    if (wish === "released") await this.#backend.setQueueMeta({ [forEver]: text, [untilThen]: text });
    else await this.#backend.setQueueMeta({ [wish.until === null ? forEver : untilThen]: text });
    this.#done = undefined;
    await this.#follow();
  }

  /** Looks after the lane's hold until the answered function is called. */
  async watch(): Promise<() => void> {
    this.#watchers += 1;
    if (this.#watchers === 1) await this.#look();
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#poll?.cancel();
    };
  }

  /** Whether a pause of the lane is to count: a hold whose time is over is none, even if nobody resumed the lane yet. */
  async counts(paused: boolean): Promise<boolean> {
    if (!paused) return false;
    const kept = (await this.#backend.getQueueMetaFields([...fields])).map(textOf);
    if (isHeld(kept, this.#clock.now())) return true;
    // Paused by BullMQ's own means: nobody here has wished for a hold, or has taken it back.
    return kept.every((text) => text === null || text === JSON.stringify("released" satisfies Wish));
  }

  close(): void {
    this.#closed = true;
    this.#poll?.cancel();
    this.#end?.cancel();
  }

  async #look(): Promise<void> {
    try {
      await this.#follow();
      this.#isFailing = false;
    } catch (error) {
      // Tried again every other second: an outage is reported once.
      if (!this.#closed && !this.#isFailing)
        this.#report("looking after the hold of a lane failed; tried again shortly", error);
      this.#isFailing = true;
    }
    if (this.#closed || this.#watchers === 0) return;
    this.#poll?.cancel();
    this.#poll = this.#clock.timer(pollMs, () => void this.#look(), "background");
  }

  async #follow(): Promise<void> {
    for (;;) {
      const [paused, ...kept] = (await this.#backend.getQueueMetaFields(["paused", ...fields])).map(textOf);
      if (kept.every((text) => text === null) || this.#closed) return;
      const held = isHeld(kept, this.#clock.now());
      const state = `${held} ${kept.join()}`;
      if (state === this.#done) return;
      this.#schedule(kept);
      if (held === (paused === "1")) {
        this.#done = state;
        return;
      }
      await this.#backend.pause(held);
    }
  }

  #schedule(kept: Kept): void {
    this.#end?.cancel();
    const left = endOf(kept) - this.#clock.now();
    if (left > 0 && Number.isFinite(left)) this.#end = this.#clock.timer(left, () => void this.#look(), "background");
  }
}

const textOf = (value: string | null | undefined): string | null => value ?? null;

/** Whichever hold ends last. */
const endOf = (kept: Kept): EpochMs => Math.max(...kept.map(endOfOne));

function endOfOne(text: string | null): EpochMs {
  const wish = text === null ? "released" : (JSON.parse(text) as Wish);
  return wish === "released" ? 0 : (wish.until ?? Number.POSITIVE_INFINITY);
}

const isHeld = (kept: Kept, now: EpochMs): boolean => endOf(kept) > now;
