import type { Command } from "../command.ts";
import { notFound } from "../complaint.ts";
import { exitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { sheet } from "../output/table.ts";

export const deadShow =
  (id: string): Command =>
  async ({ semel, report }) => {
    const letter = await semel.deadLetters.get(id);
    if (!letter) throw notFound(`there is no dead letter with the id ${JSON.stringify(id)}`);
    await report.one(letter, () => sheet(Object.entries(letter).flatMap(lines), report.paint));
    return exitCode.ok;
  };

/** One line each; what is more is indented below its name. */
function lines([name, value]: [string, unknown]): [string, string | undefined][] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [[name, printable(value)]];
  if (typeof value !== "object") return [[name, String(value)]];
  if (value instanceof Date) return [[name, value.toISOString()]];
  if (Array.isArray(value))
    return value.map((one, n): [string, string] => [`${name} ${n + 1}`, printable(JSON.stringify(one))]);
  return Object.entries(value).flatMap(([part, inner]) => lines([`${name}.${part}`, inner]));
}
