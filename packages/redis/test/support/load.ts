import { type QueueUnavailableError, type Semel, SemelError } from "@semel/core";
import { waitFor } from "@semel/testing";
import { onTestFinished } from "vitest";
import { type EffectJob, effectProcessor } from "./effect-job.ts";
import { freshLedger, type Ledger, notOnce } from "./ledger.ts";
import type { Place, Stage } from "./stage.ts";
import { stage } from "./stage.ts";

/** How often each producer enqueues, at most. In milliseconds. */
const paceMs = 10;

const ended = new Set<string>(["completed", "dead", "cancelled", "absent"]);
const absent = { state: "absent", attempt: 1 } as const;

/** What is enqueued without a pause while something happens to Redis, and what became of each. */
export interface Load {
  readonly ledger: Ledger;
  /** The application, and the worker's process as far as Redis can tell. */
  readonly app: Stage;
  readonly server: Stage;
  /** Of each number that was confirmed, the job's id. */
  readonly confirmed: ReadonlyMap<number, string>;
  /** Certainly not enqueued; not tried again. */
  readonly refused: ReadonlySet<number>;
  /** Those of the confirmed whose outcome was unknown at first: sent again with the id of the error. */
  readonly resent: ReadonlySet<number>;
  /** Anything but `QUEUE_UNAVAILABLE`. */
  readonly others: readonly unknown[];
  /** How many calls of `enqueue` have failed so far. */
  readonly failures: () => number;
  /** How long the longest call of `enqueue` took, in milliseconds. */
  readonly longestMs: () => number;
  /** Resolves when so many more have been completed than now. */
  progress(more: number, deadlineMs?: number): Promise<void>;
  /**
   * Ends the load, and waits until all that was confirmed has ended. Says in how many numbers it came out, and what
   * contradicts the promises: nothing, unless one is broken.
   */
  settled(deadlineMs?: number): Promise<Outcome>;
}

export interface Outcome {
  readonly figures: string;
  readonly broken: readonly string[];
  /** Jobs that ended at a later attempt than their first. No processor here ever fails. */
  readonly burnt: number;
}

/** Enqueues without a pause, and works. Each at its own Semel. */
export function load(place: Place, job: EffectJob, producers = 4): Load {
  const ledger = freshLedger();
  const app = stage(place);
  const server = stage(place);
  const confirmed = new Map<number, string>();
  const refused = new Set<number>();
  const resent = new Set<number>();
  const others: unknown[] = [];
  let next = 0;
  let longestMs = 0;
  let failures = 0;
  let isOver = false;
  server.semel.worker({ processors: [effectProcessor(job, ledger.path, "worker")], concurrency: 10 });

  const enqueue = async (semel: Semel, n: number, id?: string): Promise<void> => {
    const since = performance.now();
    try {
      const { id: confirmedId } = await semel.enqueue(job, { n }, { id });
      confirmed.set(n, confirmedId);
    } catch (error) {
      longestMs = Math.max(longestMs, performance.now() - since);
      failures += 1;
      if (!isUnavailable(error)) return void others.push(error);
      if (error.outcome === "refused" && id === undefined) return void refused.add(n);
      resent.add(n);
      await pace();
      return enqueue(semel, n, error.id);
    }
    longestMs = Math.max(longestMs, performance.now() - since);
  };
  const produce = async (): Promise<void> => {
    while (!isOver) {
      await enqueue(app.semel, next++);
      await pace();
    }
  };
  const producing = Promise.all(Array.from({ length: producers }, produce));
  onTestFinished(() => {
    isOver = true;
  });

  const completed = (): number => server.named("attempt.completed").length;
  return {
    ledger,
    app,
    server,
    confirmed,
    refused,
    resent,
    others,
    failures: () => failures,
    longestMs: () => longestMs,
    async progress(more, deadlineMs = 30_000) {
      const enough = completed() + more;
      await waitFor(() => completed() >= enough, { what: `${more} more jobs to be completed`, deadlineMs });
    },
    async settled(deadlineMs = 30_000) {
      isOver = true;
      await producing;
      const ids = [...confirmed.values()];
      const states = new Map<string, number>();
      let burnt = 0;
      await waitFor(
        async () => {
          states.clear();
          burnt = 0;
          for (let from = 0; from < ids.length; from += 200) {
            const some = await Promise.all(ids.slice(from, from + 200).map((id) => app.semel.status(id)));
            for (const { state, attempt } of some.map((each) => each ?? absent)) {
              states.set(state, (states.get(state) ?? 0) + 1);
              if (attempt > 1) burnt += 1;
            }
          }
          return [...states.keys()].every((state) => ended.has(state));
        },
        { what: "everything that was confirmed to end", deadlineMs },
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify([...states])}`);
      });
      const told = [...states].map(([state, count]) => `${count} ${state}`).join(", ");
      const figures = `${confirmed.size} confirmed (${resent.size} sent again), ${refused.size} refused; ${told}; ${burnt} burnt`;
      const broken = [...others.map(String), ...brokenBy(ledger, confirmed, refused, states)];
      return { figures, broken, burnt };
    },
  };
}

/** What contradicts: all that was confirmed is completed and had its effects once; nothing else. */
function brokenBy(
  ledger: Ledger,
  confirmed: ReadonlyMap<number, string>,
  refused: ReadonlySet<number>,
  states: ReadonlyMap<string, number>,
): readonly string[] {
  const done = states.get("completed") ?? 0;
  return [
    ...(done === confirmed.size ? [] : [`${confirmed.size} confirmed, ${JSON.stringify([...states])}`]),
    ...notOnce(ledger, "effect", confirmed.keys()).map((text) => `effect ${text}`),
    ...notOnce(ledger, "second", confirmed.keys()).map((text) => `second ${text}`),
    ...[...ledger.counts("effect").keys()].filter((n) => !confirmed.has(n)).map((n) => `not confirmed, and ran: ${n}`),
    ...[...refused].filter((n) => ledger.counts("effect").has(n)).map((n) => `refused, and ran: ${n}`),
  ];
}

function isUnavailable(error: unknown): error is QueueUnavailableError {
  return SemelError.isInstance(error) && error.code === "QUEUE_UNAVAILABLE";
}

const pace = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, paceMs));
