import type { Figure } from "./figure.ts";

/** Figures as lines of text: what, how much, what it has to be, and whether it is. */
export function table(figures: readonly Figure[]): string {
  const lines = figures.map(({ what, value, limit, verdict }) => [what, value, limit, verdict]);
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => Math.min(line[column]?.length ?? 0, 60))));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}
