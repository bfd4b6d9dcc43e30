import type { QueueCounts, WorkerInfo } from "@semel/core";
import { span } from "../output/age.ts";
import { printable } from "../output/printable.ts";
import { type Judgement, well } from "./judgement.ts";

const longWaitMs = 600_000;

/** Whether what waits can run, and whether anything lies about. */
export function judgeJobs(
  queues: readonly QueueCounts[],
  workers: readonly WorkerInfo[],
  now: number,
  isEmbedded: boolean,
): readonly Judgement[] {
  const taken = new Set(workers.flatMap(({ types }) => types.map(({ type }) => type)));
  const found: Judgement[] = [];
  for (const { queue, types, pending, delayed, dead, paused, oldestPendingAt } of queues) {
    const name = printable(queue);
    const unattended = types.filter((type) => !taken.has(type));
    const waits = pending + delayed;
    // A directory belongs to one process: while this one has it, no worker can be alive.
    if (waits > 0 && isEmbedded)
      found.push(well(`${waits} jobs wait in ${name} for the process that opens the directory next`));
    else if (waits > 0 && unattended.length > 0)
      found.push({
        level: "must-change",
        what: `${waits} jobs wait in ${name}, and no living worker takes ${unattended.map(printable).join(", ")}`,
        advice: "start a worker with a processor for it, in this namespace",
      });
    else if (paused && waits > 0)
      found.push({
        level: "warning",
        what: `${name} is paused, and ${waits} jobs wait in it`,
        advice: `semel resume ${name}`,
      });
    else if (oldestPendingAt && now - oldestPendingAt.getTime() > longWaitMs)
      found.push({
        level: "warning",
        what: `the oldest job in ${name} waits for ${span(now - oldestPendingAt.getTime())}`,
        advice: "more workers, or a higher concurrency; `semel top` shows whether the backlog grows",
      });
    if (dead > 0)
      found.push({ level: "warning", what: `${dead} dead letters of ${name}`, advice: "semel dead ls --groups" });
  }
  for (const { id, where, problem } of workers)
    if (problem !== undefined)
      found.push({
        level: "must-change",
        what: `worker ${printable(id)} at ${printable(where)} takes no jobs`,
        advice: printable(problem),
      });
  return found.length > 0
    ? found
    : [well(`${workers.length} workers alive; nothing waits that nobody takes, nothing is dead`)];
}
