import { relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Arguments } from "./arguments.ts";
import { type BackendPlace, connect, demandRedis, nameOf, openSemel } from "./backend.ts";
import { DemoError, exitCodes } from "./demo-error.ts";
import { embedProcessor } from "./embed-chunk.ts";
import { type Embedder, embedderOf } from "./embedder.ts";
import { type Answer, Feed } from "./feed.ts";
import { IndexStore } from "./index-store.ts";
import { Ledger } from "./ledger.ts";
import { Mishaps } from "./mishaps.ts";
import { Progress, tallied } from "./progress.ts";
import { CountedProvider } from "./provider.ts";
import { Reading } from "./reading.ts";
import { backendPlaceOf, forget, makeFolder, type Place, placeOf } from "./state-folder.ts";
import { summarise } from "./summary.ts";
import { Tally } from "./tally.ts";
import { count, plural, printable, shortened, styled, type Terminal } from "./terminal.ts";
import { type Verdict, verify } from "./verify.ts";

/** Nothing at all has happened for this long: something is wrong, and the check shall say what. */
const stalledMs = 60_000;
const shownSkipped = 5;

/** The main mode: every chunk of a folder, embedded once. */
export async function runFolder(options: Arguments, terminal: Terminal, stop: AbortSignal): Promise<number> {
  await using embedder = await embedderOf(options);
  const place = placeOf(options, embedder.space);
  await demandText(place);
  makeFolder(place.state);
  const where = backendPlaceOf(place);
  // A Redis that is not there is told in one line; what is embedded is there, and takes its time.
  if (where.kind === "redis") await demandRedis(where);
  introduce(terminal, place, where, embedder);
  await ask(terminal, embedder, stop);
  const startedAt = performance.now();
  // Not before there is somebody who can make anew what is forgotten, and may have been paid for.
  if (options.reset) await forget(place);
  makeFolder(place.state);

  const tally = new Tally((event) => progress?.tell(event));
  const semel = openSemel(where, [tally], "60s");
  const feed = new Feed(semel);
  const reading = new Reading(place);
  const done = () => [...feed.jobs.values()].filter((job) => isFinal(job) || tally.ended.has(job.id)).length;
  let progress: Progress | undefined;
  try {
    if (terminal.isTty) terminal.bar(styled("dim", `  starting ${nameOf(where)} …`));
    await connect(semel, where);
    progress = new Progress(terminal, () => ({ done: done(), total: feed.jobs.size, isReading: feed.isReading }));
    // The folder is ours alone from here on: one process at a time.
    const startedIn = performance.now() - startedAt;
    const ledger = new Ledger(place.ledger);
    const linesBefore = ledger.lines.length;
    const index = new IndexStore(place.state);
    const mishaps = new Mishaps();
    const provider = new CountedProvider(embedder, ledger, mishaps);
    const worker = semel.worker({
      processors: [embedProcessor({ provider, index, mishaps })],
      concurrency: options.concurrency,
    });

    await feed.run(reading.chunks(), stop);
    while (!stop.aborted && done() < feed.jobs.size && performance.now() - tally.lastAt < stalledMs) await delay(20);
    if (stop.aborted) {
      await worker.close({ deadline: "3s" });
      progress.end();
      const left = feed.jobs.size - done();
      terminal.line(
        `\nStopped with ${count(done())} chunks done and ${count(left)} waiting; the same command goes on from here.`,
      );
      return exitCodes.broken;
    }
    index.catalogue(feed.jobs.keys());
    const written = { ledger: new Ledger(place.ledger), index: new IndexStore(place.state) };
    const verdict = await verify({ semel, feed, tally, linesBefore, ...written });
    progress.end();
    listSkipped(terminal, reading);
    const tookMs = performance.now() - startedAt;
    summarise(terminal, { reading, feed, tally, verdict, tookMs, startedIn, where });
    const holds = verdict.claims.every((one) => one.holds);
    if (holds) conclude(terminal, verdict, tally, where);
    else terminal.line(styled("red", "\nIt does not hold."));
    // A store that another version wrote refuses what this one asks.
    if (feed.refused > 0) terminal.line("If its state is from another version of Semel: --reset begins anew.");
    return holds ? exitCodes.holds : exitCodes.broken;
  } finally {
    progress?.end();
    await semel.close({ deadline: "3s" });
  }
}

/** Whether the job had ended when it was enqueued: nothing will be heard of it. */
const isFinal = (job: Answer): boolean =>
  job.outcome === "replayed" || (job.outcome === "duplicate" && ["completed", "dead", "cancelled"].includes(job.state));

function introduce(
  terminal: Terminal,
  { folder, isRepository, state }: Place,
  where: BackendPlace,
  embedder: Embedder,
): void {
  const what = isRepository ? "this repository's Markdown" : folder;
  terminal.line(styled("bold", `Semel demo: embedding ${printable(what)}, each chunk once`));
  const dim = (text: string) => terminal.line(styled("dim", `  ${text}`));
  if (where.kind === "embedded") {
    dim(`state      ${printable(shortest(state))} (queue, store, index, ledger: one process, no server)`);
  } else {
    dim(`state      ${nameOf(where)}, namespace ${where.namespace} (queue, store)`);
    dim(`           ${printable(shortest(state))} (index, ledger)`);
  }
  dim(`embedding  ${printable(embedder.about)}`);
  terminal.line();
}

/** Whether the provider is there. That may take a while, so it is said. */
async function ask(terminal: Terminal, embedder: Embedder, stop: AbortSignal): Promise<void> {
  let last = "";
  const tell = (text: string, rest = ""): void => {
    if (terminal.isTty) terminal.bar(styled("dim", `  ${shortened(printable(text + rest), terminal.columns - 3)}`));
    else if (text !== last) terminal.line(styled("dim", `  ${printable(text)}`));
    last = text;
  };
  try {
    await embedder.prepare(tell, stop);
  } finally {
    if (terminal.isTty) terminal.bar("");
  }
}

function shortest(path: string): string {
  const below = relative(process.cwd(), path);
  return below.length < path.length ? below : path;
}

/** Before anything is made. @throws {DemoError} `NOTHING_TO_INDEX` */
async function demandText(place: Place): Promise<void> {
  const reading = new Reading(place);
  for await (const _ of reading.chunks()) return;
  const { skipped } = reading;
  const why = skipped.length === 0 ? "" : ` (skipped: ${tallied(skipped.map((one) => one.why))})`;
  throw new DemoError("NOTHING_TO_INDEX", `there is no text in ${place.folder}${why}`);
}

function listSkipped(terminal: Terminal, { skipped }: Reading): void {
  const surprising = skipped.filter(({ why }) => why !== "hidden or node_modules");
  for (const { path, why } of surprising.slice(0, shownSkipped)) {
    const room = terminal.columns - why.length - 14;
    terminal.line(styled("dim", `  skipped ${shortened(printable(path), room)}: ${why}`));
  }
  const left = surprising.length - shownSkipped;
  if (left > 0) terminal.line(styled("dim", `  skipped ${count(left)} more`));
}

function conclude(terminal: Terminal, { completed, paid }: Verdict, { attempts }: Tally, { kind }: BackendPlace): void {
  // The URL itself may hold a password.
  const on = kind === "redis" ? "--redis … " : "";
  const hint = (args: string, what: string) =>
    terminal.line(styled("dim", `  npm run demo -- ${on}${args.padEnd(23)} ${what}`));
  const isIdle = attempts === 0;
  terminal.line(
    isIdle
      ? `\nNothing to do: ${plural(completed, "chunk was", "chunks were")} embedded before; 0 paid calls.`
      : `\n${plural(paid, "paid call")}, none of them twice. The same command once more finds nothing to do.`,
  );
  hint('[folder] --query "..."', "the nearest chunks");
  if (isIdle) hint("[folder] --reset", "forgets, and begins again");
  else hint("--kill", "a worker is killed in the middle of a paid call");
}
