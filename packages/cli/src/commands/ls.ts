import type { Command } from "../command.ts";
import { exitCode } from "../exit-code.ts";
import { ago } from "../output/age.ts";
import type { Paint, Shade } from "../output/colour.ts";
import { printable } from "../output/printable.ts";
import { table } from "../output/table.ts";

/** Zero is nothing to look at. */
export const counted = (paint: Paint, shade: Shade, count: number): string =>
  count === 0 ? paint("faint", "0") : paint(shade, String(count));

export const ls: Command = async ({ semel, report, now, target }) => {
  const queues = await semel.counts();
  for (const queue of queues) await report.each(queue);
  const { paint } = report;
  await report.end(() => {
    if (queues.length === 0) return `No queue at ${target.place} has ever had a job.`;
    const rows = queues.map((queue) => [
      printable(queue.queue) + (queue.paused ? paint("delayed", " (paused)") : ""),
      queue.types
        .filter((type) => type !== queue.queue)
        .map(printable)
        .join(", "),
      counted(paint, "waiting", queue.pending),
      counted(paint, "delayed", queue.delayed),
      counted(paint, "running", queue.running),
      counted(paint, "dead", queue.dead),
      queue.oldestPendingAt ? ago(queue.oldestPendingAt, now) : "",
    ]);
    const columns = [
      { head: "queue" },
      { head: "types" },
      { head: "waiting", align: "right" },
      { head: "delayed", align: "right" },
      { head: "running", align: "right" },
      { head: "dead", align: "right" },
      { head: "oldest" },
    ] as const;
    return table(columns, rows, paint);
  });
  return exitCode.ok;
};
