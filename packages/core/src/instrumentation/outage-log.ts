import type { Failure } from "../errors/failure.ts";
import { readable } from "../runtime/duration.ts";
import type { SemelEvent } from "./events.ts";

/** What goes on failing is told of no more often than this. */
const stillFailingMs = 30_000;
/** Shorter than this it may be one call among many that fails; then the next one is no news either. */
const shortOutageMs = 1_000;

/** Events that repeat for as long as something is away. */
export type OutageEvent = Extract<SemelEvent, { name: "store.unavailable" | "queue.unavailable" | "worker.problem" }>;

export const isOutage = (event: SemelEvent): event is OutageEvent =>
  event.name === "store.unavailable" || event.name === "queue.unavailable" || event.name === "worker.problem";

interface Told {
  /** When it was told of last. */
  at: number;
  /** When it failed last. */
  seenAt: number;
  /** How often it has failed since. */
  untold: number;
}

/** Remembers what was told of each thing that fails, so that an outage is a few lines and not one for each try. */
export class OutageLog {
  readonly #told = new Map<string, Told>();

  /** What to add to the line: nothing the first time, later how often it has failed since; or that there is to be no line. */
  failed(event: OutageEvent): { readonly since: string } | "untold" {
    const { at } = event;
    const about = aboutOf(event);
    const told = this.#told.get(about);
    if (!told || at - told.seenAt > 2 * stillFailingMs) {
      this.#told.set(about, { at, seenAt: at, untold: 0 });
      return { since: "" };
    }
    told.seenAt = at;
    told.untold++;
    if (at - told.at < stillFailingMs) return "untold";
    const since = `; still so, failed ${told.untold} more ${told.untold === 1 ? "time" : "times"} in ${readable(at - told.at)}`;
    told.at = at;
    told.untold = 0;
    return { since };
  }

  /** It is over. Whether to say so: not of an outage so short that it may be one of many. */
  over(name: "store.available" | "queue.available", outageMs: number): boolean {
    if (outageMs < shortOutageMs) return false;
    // With the store goes nearly all that a worker does; what still fails is worth a line again.
    if (name === "store.available") this.#told.clear();
    else this.#told.delete("queue.unavailable");
    return true;
  }
}

function aboutOf(event: OutageEvent): string {
  return event.name === "worker.problem" ? [event.worker, event.during, event.error.code].join("\n") : event.name;
}

/** What failed and, where that is only the wrapping, why. */
export function reasonOf({ message, causes = [] }: Failure): string {
  const root = causes.at(-1)?.message;
  return root === undefined || message.includes(root) ? message : `${message}: ${root}`;
}

/** The same for a line that is to stay one line. */
export const withoutStack = <E extends { readonly error?: Failure | undefined }>(event: E): E => ({
  ...event,
  error: { ...event.error, stack: undefined },
});
