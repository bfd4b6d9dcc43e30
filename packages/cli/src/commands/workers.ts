import type { Command } from "../command.ts";
import { exitCode } from "../exit-code.ts";
import { ago } from "../output/age.ts";
import { printable } from "../output/printable.ts";
import { table } from "../output/table.ts";

export const workers: Command = async ({ semel, report, now }) => {
  const alive = await semel.workers();
  for (const worker of alive) await report.each(worker);
  await report.end(() => {
    if (alive.length === 0) return "No worker has said that it is alive for 35 s.";
    const rows = alive.map(({ id, where, types, busy, concurrency, startedAt, seenAt, problem }) => [
      printable(id),
      printable(where),
      types.map(({ type, version }) => `${printable(type)}${version > 1 ? ` v${version}` : ""}`).join(", "),
      report.paint(busy > 0 ? "running" : "faint", String(busy)),
      String(concurrency),
      ago(startedAt, now),
      ago(seenAt, now),
      problem === undefined ? "" : report.paint("dead", printable(problem)),
    ]);
    const heads = [
      { head: "id" },
      { head: "where" },
      { head: "types" },
      { head: "busy", align: "right" },
      { head: "a type", align: "right" },
      { head: "started" },
      { head: "seen" },
      { head: "problem" },
    ] as const;
    return table(heads, rows, report.paint);
  });
  return exitCode.ok;
};
