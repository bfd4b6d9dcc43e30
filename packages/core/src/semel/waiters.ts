import { SemelError } from "../errors/semel-error.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import { type GuardKey, type JobId, keyOf } from "../job/identity.ts";
import type { Signals } from "../queue/signals.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { Gatherer } from "../runtime/gatherer.ts";

/** The first pause between two looks at a job; each next one is twice as long. */
const firstLookMs = 50;
/** Longer than this a pause only becomes where many are waited for. */
const laterLookMs = 1_000;
/** The share of each job that is waited for: so many looks are taken in all, however many wait. */
const shareMs = 1;
/** Longer than this no pause becomes. */
const rarestLookMs = 10_000;
/** Looks fall on multiples of this, so that those of many jobs are one. */
const beatMs = 20;
/** Records read in one call. */
const recordsAtATime = 256;

/** How long somebody waits, and what ends it early. */
export interface Waiting {
  readonly timeoutMs: number;
  /** What the wait rejects with once its time is over. */
  readonly timeout: () => Error;
  /** The wait rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  see(record: JobRecord | undefined): void;
  fail(error: unknown): void;
  /** A look has ended without having seen anything: the store is down. */
  miss(): void;
}

/** One job and all who wait for it. */
interface Watched {
  readonly id: JobId;
  readonly waiters: Set<Waiter>;
  looks: number;
  /** When it is looked at next. */
  round: Round | undefined;
  isLooking: boolean;
  /** Something happened while it was looked: that look may have come too early. */
  isDue: boolean;
}

/** The jobs that are looked at in one moment, and the one timer of them all. */
interface Round {
  readonly at: number;
  readonly due: Set<Watched>;
  readonly timer: Timer;
}

/**
 * Those who wait for jobs to end. A signal wakes them at once; without one they look from time to time. What is looked at
 * in the same moment is read together, and the more jobs are waited for, the rarer each is looked at: waiting costs
 * little, however many wait.
 */
export class Waiters {
  readonly #clock: Clock;
  readonly #watched = new Map<JobId, Watched>();
  /** By their time, on the monotonic clock. */
  readonly #rounds = new Map<number, Round>();
  /** In a box: the gatherer takes `undefined` for no answer. */
  readonly #records: Gatherer<GuardKey, { readonly record: JobRecord | undefined }>;
  #closed: Error | undefined;
  #signals: Signals | undefined;
  #subscription: Promise<AsyncDisposable> | undefined;

  /** @param read rejects with `STORE_UNAVAILABLE` where there is no answer now, with anything else where there will be none. */
  constructor(clock: Clock, read: (keys: readonly GuardKey[]) => Promise<readonly (JobRecord | undefined)[]>) {
    this.#clock = clock;
    this.#records = new Gatherer(async (keys) => (await read(keys)).map((record) => ({ record })), {
      maxItems: recordsAtATime,
    });
  }

  /** From the first who waits on: where nobody ever does, no process is told of everybody's jobs. */
  listen(signals: Signals): void {
    this.#signals = signals;
  }

  #subscribe(): void {
    this.#subscription ??= this.#signals?.subscribe("changed", (id) => {
      const watched = this.#watched.get(id);
      if (watched) this.#look(watched);
    });
    // Without signals it is slower, not wrong; the next who waits tries again.
    this.#subscription?.catch(() => {
      this.#subscription = undefined;
    });
  }

  /**
   * Looks at the job's record until `judge` answers something, or throws. A store that is down is waited for. However
   * short its time, a wait sees how the job stands now.
   */
  until<T>(id: JobId, judge: (record: JobRecord | undefined) => T | undefined, waiting: Waiting): Promise<T> {
    const { timeoutMs, timeout, signal } = waiting;
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      if (signal?.aborted) return reject(signal.reason);
      this.#subscribe();
      let hasLooked = false;
      let isOver = false;
      const end = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", abort);
        this.#leave(watched, waiter);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const miss = (): void => {
        hasLooked = true;
        if (isOver) fail(timeout());
      };
      const see = (record: JobRecord | undefined): void => {
        try {
          const seen = judge(record);
          if (seen === undefined) return miss();
          end();
          resolve(seen);
        } catch (error) {
          fail(error);
        }
      };
      const abort = (): void => fail(signal?.reason);
      const waiter: Waiter = { see, fail, miss };
      const timer = this.#clock.timer(timeoutMs, () => {
        isOver = true;
        if (hasLooked) fail(timeout());
      });
      signal?.addEventListener("abort", abort, { once: true });
      const watched = this.#join(id, waiter);
    });
  }

  #join(id: JobId, waiter: Waiter): Watched {
    const known = this.#watched.get(id);
    const watched = known ?? { id, waiters: new Set(), looks: 0, round: undefined, isLooking: false, isDue: false };
    if (!known) this.#watched.set(id, watched);
    watched.waiters.add(waiter);
    watched.looks = 0;
    this.#look(watched);
    return watched;
  }

  #leave(watched: Watched, waiter: Waiter): void {
    watched.waiters.delete(waiter);
    if (watched.waiters.size > 0) return;
    this.#unschedule(watched);
    if (this.#watched.get(watched.id) === watched) this.#watched.delete(watched.id);
  }

  #look(watched: Watched): void {
    this.#unschedule(watched);
    watched.isDue = watched.isLooking;
    if (watched.isLooking) return;
    watched.isLooking = true;
    // Who comes meanwhile is not told what was read before.
    const told = [...watched.waiters];
    void this.#records
      .send(keyOf(watched.id) ?? "")
      .then(
        ({ record }) => {
          for (const waiter of told) if (watched.waiters.has(waiter)) waiter.see(record);
        },
        (error: unknown) => {
          const isDown = SemelError.isInstance(error) && error.code === "STORE_UNAVAILABLE";
          for (const waiter of told) if (watched.waiters.has(waiter)) isDown ? waiter.miss() : waiter.fail(error);
        },
      )
      .then(() => this.#looked(watched));
  }

  #looked(watched: Watched): void {
    watched.isLooking = false;
    if (watched.waiters.size === 0) return;
    if (watched.isDue) this.#look(watched);
    else this.#schedule(watched);
  }

  #schedule(watched: Watched): void {
    const pauseMs = Math.min(laterLookMs, firstLookMs * 2 ** Math.min(watched.looks++, 10));
    const now = this.#clock.monotonic();
    const dueAt = now + Math.max(pauseMs, Math.min(rarestLookMs, this.#watched.size * shareMs));
    const at = Math.ceil(dueAt / beatMs) * beatMs;
    watched.round = this.#rounds.get(at) ?? this.#newRound(at, at - now);
    watched.round.due.add(watched);
  }

  #newRound(at: number, inMs: number): Round {
    const due = new Set<Watched>();
    const timer = this.#clock.timer(inMs, () => {
      for (const watched of [...due]) this.#look(watched);
    });
    const round = { at, due, timer };
    this.#rounds.set(at, round);
    return round;
  }

  #unschedule(watched: Watched): void {
    const { round } = watched;
    if (!round) return;
    watched.round = undefined;
    round.due.delete(watched);
    if (round.due.size > 0) return;
    round.timer.cancel();
    this.#rounds.delete(round.at);
  }

  async close(reason: Error): Promise<void> {
    this.#closed = reason;
    for (const { waiters } of [...this.#watched.values()]) for (const waiter of [...waiters]) waiter.fail(reason);
    // Not waited for: where signals cannot be reached it is still being made, and they are disposed of next anyway.
    this.#subscription?.then((subscription) => subscription[Symbol.asyncDispose]()).catch(() => {});
  }
}
