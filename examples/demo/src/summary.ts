import { type BackendPlace, nameOf } from "./backend.ts";
import type { Feed } from "./feed.ts";
import { tallied } from "./progress.ts";
import type { Reading } from "./reading.ts";
import type { Tally } from "./tally.ts";
import { count, plural, printable, seconds, shortened, styled, type Terminal } from "./terminal.ts";
import type { Verdict } from "./verify.ts";

type Row = readonly [label: string, value: string, note?: string];

export interface Outcome {
  readonly reading: Reading;
  readonly feed: Feed;
  readonly tally: Tally;
  readonly verdict: Verdict;
  readonly tookMs: number;
  /** What of it the start of the backend took. */
  readonly startedIn: number;
  readonly where: BackendPlace;
}

/** The table, and below it what was checked. */
export function summarise(terminal: Terminal, outcome: Outcome): void {
  const { reading, feed, tally, verdict, tookMs, startedIn, where } = outcome;
  const rows: Row[] = [
    ["documents", count(reading.documents), skippedNote(reading)],
    ["chunks", count(feed.jobs.size), coarseNote(reading)],
    ["enqueued", count(feed.requests), enqueuedNote(feed)],
    ["duplicates recognised", count(feed.duplicates + feed.replayed), duplicatesNote(feed)],
    [
      "attempts",
      count(tally.attempts),
      tally.recovered > 0 ? `${count(tally.recovered)} taken over from a dead worker` : "",
    ],
    ["retried then succeeded", count(tally.succeededLater.size), retriesNote(tally)],
    ["dead-lettered", count(verdict.dead), deadNote(verdict)],
    ["effects done", count(verdict.paid), "paid calls in this run, counted outside Semel"],
    ["effects repeated", count(verdict.repeated), "in all runs of this folder"],
    ["time", seconds(tookMs), `${seconds(startedIn)} of it until ${nameOf(where)} was ready`],
  ];
  terminal.line();
  for (const row of rows) terminal.line(lineOf(row, rows, terminal.columns));
  terminal.line();
  terminal.claims(verdict.claims);
}

function lineOf([label, value, note = ""]: Row, rows: readonly Row[], columns: number): string {
  const widest = (part: 0 | 1) => Math.max(...rows.map((row) => row[part].length));
  const start = `  ${label.padEnd(widest(0))}  `;
  const number = value.padStart(widest(1));
  const room = columns - start.length - number.length - 3;
  // A note that has no room left to say anything is left out.
  const end = note === "" || room < 12 ? "" : `   ${styled("dim", shortened(printable(note), room))}`;
  return start + styled("bold", number) + end;
}

function skippedNote({ skipped }: Reading): string {
  return skipped.length === 0 ? "" : `skipped: ${tallied(skipped.map(({ why }) => why))}`;
}

function coarseNote({ coarse }: Reading): string {
  const [first] = coarse;
  if (!first) return "of at most 1,000 characters";
  const others = coarse.length > 1 ? ` and ${plural(coarse.length - 1, "other large file")}` : "";
  return `of at most 1,000 characters; ${count(first.size)} in ${first.path}${others}`;
}

function enqueuedNote({ twice, refused }: Feed): string {
  return `${plural(twice, "chunk")} twice on purpose${refused > 0 ? `; ${count(refused)} refused` : ""}`;
}

function duplicatesNote({ duplicates, replayed }: Feed): string {
  const parts = [];
  if (duplicates > 0) parts.push(`${count(duplicates)} of a job that stands`);
  if (replayed > 0) parts.push(`${count(replayed)} of one that is done`);
  return parts.join(", ");
}

function retriesNote({ stepsReplayed }: Tally): string {
  return stepsReplayed > 0
    ? `${count(stepsReplayed)} of them had been paid before they failed, and were not paid again`
    : "";
}

function deadNote({ letter }: Verdict): string {
  return letter ? `${letter.reason} · ${letter.error.message}` : "";
}
