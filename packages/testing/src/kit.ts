import {
  type AnyProcessor,
  createSemel,
  type Duration,
  duration,
  type EventName,
  OptionInvalidError,
  type Semel,
  type SemelEvent,
  type SemelOptions,
  SimulatedCrash,
} from "@semel/core";
import { memory } from "@semel/core/memory";
import { type Failpoint, isFailpoint, isOfAttempt } from "./failpoints.ts";
import { type FaultyBackend, faulty } from "./faults/faulty.ts";
import { InFlight } from "./in-flight.ts";
import { countedIds, seededRandom } from "./seeded.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { waitFor } from "./wait-for.ts";

export interface TestKitOptions extends Pick<SemelOptions, "hooks" | "around" | "limits" | "logger" | "namespace"> {
  /** What the kit's worker can do. */
  readonly processors: readonly AnyProcessor[];
  /** Jobs of a type at a time. Default: 10. */
  readonly concurrency?: number | undefined;
  /** Backoff, jitter and the chance of faults follow from it. Default: 1. */
  readonly seed?: number | undefined;
  /** Asked at every point of an attempt: whether its process dies there. */
  readonly crashIf?: ((point: string) => boolean) | undefined;
}

/** What happened to attempts since it was last asked: the worker does not wait for `drain`. */
export interface Tally {
  readonly completed: number;
  /** Failed and to be tried again. */
  readonly retried: number;
  readonly deferred: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly released: number;
  readonly lost: number;
  /** Ended by `crashAt`, as if the process had died. */
  readonly crashed: number;
}

export interface TestKit extends AsyncDisposable {
  /** The real Semel, on memory and on the kit's clock. */
  readonly semel: Semel;
  readonly clock: VirtualClock;
  /** What it stands on, each part of which can be made to fail: `kit.backend.store.failNext("settle")`. */
  readonly backend: FaultyBackend;
  /** Every event so far. */
  readonly events: readonly SemelEvent[];
  /** Runs what may run now, until nothing is left that need not wait for its time. */
  drain(): Promise<Tally>;
  /** Lets time pass, and everything happen that becomes due on the way. */
  advance(time: Duration): Promise<Tally>;
  /**
   * The next attempt that passes this point ends there, as if its process had been killed: nothing more is written, not a
   * line of the processor runs any more, the lease runs out. Whoever enqueues, cancels or redrives gets a `SimulatedCrash`
   * at a point of theirs. `docs/lifecycle.md` lists the points, and what each leaves behind.
   * @throws `OPTION_INVALID` for a point there is none of.
   */
  crashAt(point: Failpoint, options?: { readonly times?: number | undefined }): void;
  /** Resolves with the first event of this name, past or future, that fits. Rejects after 5 s of real time. */
  waitForEvent<N extends EventName>(
    name: N,
    fits?: (event: Extract<SemelEvent, { name: N }>) => boolean,
  ): Promise<Extract<SemelEvent, { name: N }>>;
  close(): Promise<void>;
}

const counted: Partial<Record<EventName, keyof Tally>> = {
  "attempt.completed": "completed",
  "attempt.failed": "retried",
  "attempt.deferred": "deferred",
  "attempt.dead": "dead",
  "attempt.cancelled": "cancelled",
  "attempt.released": "released",
  "attempt.lost": "lost",
};

/**
 * Semel for tests: in memory, on a clock that stands still until it is told to move, with a worker for `processors`.
 * Needs no server and no test runner.
 *
 * @example
 * const kit = createTestKit({ processors: [embed] });
 * await kit.semel.enqueue(embedChunk, chunk);
 * expect(await kit.drain()).toMatchObject({ completed: 1 });
 */
export function createTestKit(options: TestKitOptions): TestKit {
  const { processors, concurrency, seed = 1, crashIf, logger = false, hooks = [], ...rest } = options;
  const inner = memory();
  const backend = faulty(inner, { seed });
  const inFlight = new InFlight(backend.queue, inner.queue);
  const clock = new VirtualClock({ settle: () => inFlight.settled() });
  const events: SemelEvent[] = [];
  const crashes = new Map<string, number>();
  let crashed = 0;
  const failpoint = (point: string): void => {
    const left = crashes.get(point) ?? 0;
    if (left > 0) crashes.set(point, left - 1);
    else if (!isOfAttempt(point) || !crashIf?.(point)) return;
    crashed++;
    throw new SimulatedCrash(point);
  };
  const semel = createSemel({
    ...rest,
    ...backend,
    queue: inFlight.queue,
    logger,
    hooks: [{ onEvent: (event) => void events.push(event) }, ...hooks],
    runtime: { clock, random: seededRandom(seed), newId: countedIds(), failpoint },
  });
  const worker = semel.worker({ processors, concurrency });

  let told = 0;
  const tally = async (during: () => Promise<void>): Promise<Tally> => {
    await during();
    const sum = { completed: 0, retried: 0, deferred: 0, dead: 0, cancelled: 0, released: 0, lost: 0, crashed };
    for (const { name } of events.slice(told)) {
      const as = counted[name];
      if (as) sum[as]++;
    }
    [told, crashed] = [events.length, 0];
    return sum;
  };
  const kit: TestKit = {
    semel,
    clock,
    backend,
    events,
    drain: () => tally(() => inFlight.drained()),
    advance: (time) => tally(() => clock.advance(milliseconds(time)).then(() => inFlight.settled())),
    crashAt(point, { times = 1 } = {}) {
      if (!isFailpoint(point)) throw new OptionInvalidError("crashAt", "a point of docs/lifecycle.md", point);
      crashes.set(point, times);
    },
    waitForEvent<N extends EventName>(
      name: N,
      fits: (event: Extract<SemelEvent, { name: N }>) => boolean = () => true,
    ) {
      const found = (): Extract<SemelEvent, { name: N }> | undefined =>
        events.find(
          (event): event is Extract<SemelEvent, { name: N }> =>
            event.name === name && fits(event as Extract<SemelEvent, { name: N }>),
        );
      return waitFor(found, { what: `the event ${name}` }) as Promise<Extract<SemelEvent, { name: N }>>;
    },
    async close() {
      backend.resume();
      // What still runs is told to stop at once: no test should wait for its timers.
      await Promise.all([worker.close({ deadline: "0s" }), inFlight.ended(clock)]);
      await semel.close();
    },
    [Symbol.asyncDispose]: () => kit.close(),
  };
  return kit;
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function milliseconds(time: Duration): number {
  const unit = /[a-z]+$/.exec(duration(time))?.[0] as keyof typeof units;
  return Number.parseFloat(time) * units[unit];
}
