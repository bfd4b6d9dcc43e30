import type { Command } from "../command.ts";
import { usage } from "../complaint.ts";
import { exitCode } from "../exit-code.ts";
import { ago } from "../output/age.ts";
import { cut, printable } from "../output/printable.ts";
import { table } from "../output/table.ts";
import { type FilterOptions, filterOf } from "./dead-filter.ts";

export interface DeadLsOptions extends FilterOptions {
  readonly limit: string;
  readonly groups?: boolean | undefined;
}

export const deadLs =
  (options: DeadLsOptions): Command =>
  async (scene) =>
    options.groups ? groups(options)(scene) : letters(options)(scene);

const letters =
  (options: DeadLsOptions): Command =>
  async ({ semel, report, now }) => {
    const limit = limitOf(options.limit);
    const rows: string[][] = [];
    let last = "";
    for await (const letter of semel.deadLetters.list({ ...filterOf(options), limit })) {
      await report.each(letter);
      if (report.isJson) continue;
      last = letter.id;
      const what = letter.error ? `${letter.error.code}: ${letter.error.message}` : "";
      rows.push([
        printable(letter.id),
        printable(letter.type),
        printable(letter.tenant ?? ""),
        report.paint("dead", letter.reason),
        ago(new Date(letter.diedAt), now),
        printable(cut(what, Math.max(20, report.width - 60))),
      ]);
    }
    await report.end(() => {
      if (rows.length === 0) return "No dead letters.";
      const heads = ["id", "type", "tenant", "reason", "died", "error"].map((head) => ({ head }));
      const more =
        rows.length === limit ? `\nThere may be more: --limit ${limit * 10}, or --groups to count them.` : "";
      return `${table(heads, rows, report.paint)}\n\nsemel dead show ${printable(last)}${more}`;
    });
    return exitCode.ok;
  };

const groups =
  (options: DeadLsOptions): Command =>
  async ({ semel, report }) => {
    const found = await semel.deadLetters.groups(filterOf(options));
    for (const group of found) await report.each(group);
    await report.end(() => {
      if (found.length === 0) return "No dead letters.";
      const rows = found.map(({ count, type, reason, group, sample }) => [
        report.paint("dead", String(count)),
        printable(type),
        reason,
        printable(group),
        printable(sample),
      ]);
      const heads = [
        { head: "letters", align: "right" } as const,
        ...["type", "reason", "group", "one of them"].map((head) => ({ head })),
      ];
      return table(heads, rows, report.paint);
    });
    return exitCode.ok;
  };

function limitOf(text: string): number {
  if (text === "all") return Number.POSITIVE_INFINITY;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw usage(`--limit: expected a whole number from 1, or all, got ${JSON.stringify(text)}`);
  return limit;
}
