import type { JobStore } from "../idempotency/job-store.ts";
import type { Emitter } from "../instrumentation/hooks.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

/** How long nobody may take a type before somebody is told. */
const patienceMs = 60_000;

/** Notices that jobs of a type are enqueued and no living worker takes them; says so once a type. */
export class Unattended {
  readonly #clock: Clock;
  readonly #store: JobStore;
  readonly #emitter: Emitter;
  /** `undefined` once a type has been looked after. */
  readonly #watched = new Map<string, Timer | undefined>();

  constructor(clock: Clock, store: JobStore, emitter: Emitter) {
    this.#clock = clock;
    this.#store = store;
    this.#emitter = emitter;
  }

  watch(type: string, lane: string): void {
    if (this.#watched.has(type)) return;
    const look = (): void => {
      this.#watched.set(type, undefined);
      // A store that is down is reported by those who need it.
      this.#store.workers().then(
        (workers) => {
          const taken = workers.some(({ types }) => types.some((one) => one.type === type));
          if (!taken) this.#emitter.emit("job.unattended", { type, lane, forMs: patienceMs });
        },
        () => this.#watched.delete(type),
      );
    };
    this.#watched.set(type, this.#clock.timer(patienceMs, look, "background"));
  }

  close(): void {
    for (const timer of this.#watched.values()) timer?.cancel();
  }
}
