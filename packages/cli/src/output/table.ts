import Table from "cli-table3";
import type { Paint } from "./colour.ts";

const bare = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

export interface Column {
  readonly head: string;
  readonly align?: "right";
}

/** A table without lines; numbers to the right. Cells are ready to be printed. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const drawn = new Table({
    chars: bare,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
    head: columns.map(({ head }) => paint("strong", head)),
    colAligns: columns.map(({ align }) => align ?? "left"),
  });
  for (const row of rows) drawn.push([...row]);
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Names and values, one a line; those without a value are left out. */
export function sheet(lines: readonly (readonly [name: string, value: string | undefined])[], paint: Paint): string {
  const shown = lines.filter((line): line is readonly [string, string] => line[1] !== undefined && line[1] !== "");
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint("faint", name.padEnd(width))}  ${value}`).join("\n");
}
