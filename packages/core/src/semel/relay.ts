import { describeFailure } from "../errors/failure.ts";
import type { StoreTransactions } from "../idempotency/store-transactions.ts";
import type { Emitter } from "../instrumentation/hooks.ts";
import { decodeEnvelope } from "../job/envelope.ts";
import type { Added, Addition } from "../queue/queue.ts";
import type { Timer } from "../runtime/clock.ts";
import { type Runtime, SimulatedCrash } from "../runtime/runtime.ts";

/** Additions asked for at a time. */
const relayLimit = 100;
/** And so often in one round, which must come to an end. */
const relayTurns = 50;
/** Whoever takes an addition has this long to give it to the queue; then it is anybody's again. */
const relayAgainMs = 10_000;
/** After an enqueue in a transaction, the first look whether it has been committed; each next one waits twice as long. */
const relayFirstMs = 20;
/** Longer than this is not waited between two looks: what is committed later still is for the workers to find. */
const relayLongestMs = 5_120;

export interface RelayParts {
  readonly transactions: StoreTransactions;
  readonly runtime: Runtime;
  readonly emitter: Emitter;
  readonly add: (addition: Addition) => Promise<Added>;
  /** It is in the queue now. */
  readonly onAdded: (addition: Addition, tenant: string | undefined) => void;
}

/**
 * Gives the queue what was committed with somebody's rows. Whoever enqueued it looks soon and then less and less often;
 * every worker looks now and then, for those who died in between. Adding twice under one id adds once.
 */
export class Relay {
  readonly #parts: RelayParts;
  #timer: Timer | undefined;
  /** When the timer fires, on the monotonic clock. */
  #dueAt = 0;
  #isExpecting = false;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** Something may be committed any moment. */
  expect(): void {
    this.#isExpecting = true;
    // A look that comes as soon is not put off: a steady flow would put it off for ever.
    if (this.#timer && this.#dueAt <= this.#parts.runtime.clock.monotonic() + relayFirstMs) return;
    this.#timer?.cancel();
    this.#look(relayFirstMs);
  }

  #look(afterMs: number): void {
    const look = (): void => {
      this.#timer = undefined;
      const round = this.run()
        .catch((error: unknown) => this.#failed(error))
        .then(() => {
          // Somebody may have begun to expect anew meanwhile, or nobody any more.
          if (this.#timer || !this.#isExpecting) return;
          if (afterMs < relayLongestMs) this.#look(afterMs * 2);
          else this.#isExpecting = false;
        });
      this.#looking = Promise.all([this.#looking, round]);
    };
    const { clock } = this.#parts.runtime;
    this.#dueAt = clock.monotonic() + afterMs;
    this.#timer = clock.timer(afterMs, look, "background");
  }

  /** One round: what is due. Rejects when the store does; what the queue does not take is due again later. */
  async run(): Promise<void> {
    const { transactions, runtime } = this.#parts;
    try {
      for (let turn = 0; turn < relayTurns; turn++) {
        const additions = await transactions.due(relayLimit, relayAgainMs);
        runtime.failpoint?.("relay:before-add");
        const added = await Promise.all(additions.map((addition) => this.#add(addition)));
        runtime.failpoint?.("relay:after-add");
        await transactions.sent(additions.filter((_, index) => added[index]).map(({ id }) => id));
        if (additions.length < relayLimit) return;
      }
    } catch (error) {
      if (!SimulatedCrash.is(error)) throw error;
    }
  }

  async #add(addition: Addition): Promise<boolean> {
    const { add, onAdded } = this.#parts;
    try {
      const added = await add(addition);
      if (added.is === "refused") throw added.error;
    } catch (error) {
      this.#failed(error);
      return false;
    }
    const decoded = decodeEnvelope(addition.envelope);
    onAdded(addition, decoded.is === "envelope" ? decoded.envelope.tenant : undefined);
    return true;
  }

  #failed(error: unknown): void {
    this.#parts.emitter.emit("queue.unavailable", { during: "relay", error: describeFailure(error) });
  }

  /** A last look, where somebody expects something: who enqueues, commits and closes need not wait for a worker to find it. */
  async close(): Promise<void> {
    if (!this.#isExpecting) return;
    this.#isExpecting = false;
    this.#timer?.cancel();
    await this.#looking;
    await this.run();
  }
}
