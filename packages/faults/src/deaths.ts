import { type Failpoint, waitFor } from "@semel/testing";
import type { booked } from "./booked-job.ts";
import type { brief } from "./paid-job.ts";
import type { Place } from "./place.ts";
import { range, type Setting } from "./run.ts";
import { stage, worker } from "./stage.ts";

/** Jobs for each worker that dies: some are under way, some still wait. */
export const jobsPerDeath = 8;

/** How a worker ends: by itself at a point, or whenever it is hit from outside. */
export type Death = { readonly point: Failpoint; readonly hit: number } | { readonly afterMs: number };

/** Two in three at points, every point as often as the others; which comes when is chance. */
export function drawDeaths({ chance }: Setting, count: number, points: readonly [Failpoint, ...Failpoint[]]): Death[] {
  const deaths = range(count).map((kill): Death => {
    if (kill % 3 === 2) return { afterMs: chance.between(0, 400) };
    const at = Math.floor(kill / 3) * 2 + (kill % 3);
    return { point: points[at % points.length] ?? points[0], hit: chance.between(1, 3) };
  });
  return chance.shuffled(deaths);
}

/** Where workers work, and where they write what they did. */
export interface Where {
  readonly place: Place;
  readonly ledger: string;
}

/**
 * A worker for each death, killed with -9.
 * @param slots workers alive at a time
 * @returns who they were.
 */
export async function kill(
  setting: Setting,
  where: Where,
  deaths: readonly Death[],
  slots: number,
): Promise<ReadonlySet<string>> {
  const left = [...deaths];
  const ended = new Set<string>();
  let done = 0;
  const slot = async (): Promise<void> => {
    for (let death = left.shift(); death; death = left.shift()) {
      ended.add(await die(setting, where, death));
      setting.progress(`${++done} of ${deaths.length} killed`);
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
  return ended;
}

/** @returns who it was. */
async function die(setting: Setting, where: Where, death: Death): Promise<string> {
  if ("point" in death) {
    const dying = worker(setting, { ...where, at: { ...death, signal: "SIGKILL" } });
    const code = await dying.ended;
    if (code !== null) throw new Error(`a worker ended by itself with ${code}:\n${dying.complaints.join("\n")}`);
    return String(dying.pid);
  }
  const dying = worker(setting, { ...where, concurrency: 5, slowMs: 20, answerMs: 20 });
  await waitFor(() => dying.lines.some((line) => line.startsWith("attempt.started")), {
    what: "a worker to begin",
    deadlineMs: 60_000,
  });
  await new Promise((resolve) => setTimeout(resolve, death.afterMs));
  dying.signal("SIGKILL");
  await dying.ended;
  return String(dying.pid);
}

/** Enqueued by somebody who lets go of the place again: others shall have it. */
export async function enqueued(
  setting: Setting,
  place: Place,
  job: typeof brief | typeof booked,
  jobs: number,
): Promise<readonly string[]> {
  const resources = new AsyncDisposableStack();
  try {
    const { semel } = stage({ ...setting, resources }, place);
    const ids: string[] = [];
    for (let from = 0; from < jobs; from += 500) {
      const some = range(Math.min(500, jobs - from)).map((n) => ({ n: from + n }));
      ids.push(...(await semel.enqueueMany(job, some)).accepted.map(({ id }) => id));
    }
    return ids;
  } finally {
    await resources.disposeAsync();
  }
}
