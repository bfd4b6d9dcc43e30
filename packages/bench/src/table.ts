import type { Figure, Target, Verdict } from "./figure.ts";

/** Characters of a problem. */
const longest = 60;

/** The figures of one row as lines of text: what, whose, how much, compared to what, and whether the claim holds. */
export function table(figures: readonly Figure[]): string {
  const head = ["", "side", "median", "min – max", "compared", "target", ""];
  const lines: string[][] = [head];
  let before = "";
  for (const figure of figures) {
    const what = figure.what === before ? "" : figure.what;
    before = figure.what;
    lines.push(...linesOf(figure, what));
  }
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function linesOf(figure: Figure, what: string): string[][] {
  if (figure.rounds.length === 0)
    return [[what, figure.side, "", "", shortened(figure.problem ?? "not measured"), "", "failed"]];
  const spread = figure.rounds.length > 1 ? `${number(figure.min)} – ${number(figure.max)}` : "";
  const first = [what, figure.side, `${number(figure.median)} ${figure.unit}`.trimEnd(), spread];
  const compared = figure.comparisons.map(({ to, ratio, target, verdict }) => [
    Number.isNaN(ratio) ? `no ${to} to compare with` : `${ratio.toFixed(2)} × ${to}`,
    targetText(target, " ×"),
    verdict as string,
  ]);
  const own = figure.target ? [["", targetText(figure.target, ""), figure.verdict as string]] : [];
  const problem =
    figure.problem === undefined ? [] : [[shortened(`then: ${figure.problem}`), "", "failed" satisfies Verdict]];
  const [one = ["", "", ""], ...more] = [...own, ...compared, ...problem];
  return [[...first, ...one], ...more.map((line) => ["", "", "", "", ...line])];
}

function targetText(target: Target | undefined, unit: string): string {
  if (!target) return "";
  return "atLeast" in target ? `≥ ${number(target.atLeast)}${unit}` : `≤ ${number(target.atMost)}${unit}`;
}

/** Three digits that say something; more before the point if it takes more. */
function number(value: number): string {
  if (Number.isNaN(value)) return "?";
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** All of it is in the file. */
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

/** Numbers stand to the right. */
const pad = (cell: string, width: number, column: number): string =>
  column === 2 || column === 3 ? cell.padStart(width) : cell.padEnd(width);
