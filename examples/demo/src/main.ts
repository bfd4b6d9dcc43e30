// npm run demo [-- arguments]
import { SemelError } from "@semel/core";
import { help, parseArguments } from "./arguments.ts";
import { DemoError, exitCodes } from "./demo-error.ts";
import { query } from "./query.ts";
import { runFolder } from "./run.ts";
import { printable, Terminal } from "./terminal.ts";

const terminal = new Terminal();
const stop = new AbortController();
/** What a stopped run exits with; `undefined` while nobody stopped it. */
let stoppedWith: number | undefined;

function stopWith(code: number): void {
  // The second time somebody means it. Everything is on disk anyway.
  if (stoppedWith !== undefined) process.exit(code);
  stoppedWith = code;
  stop.abort();
}

process.on("SIGINT", () => stopWith(130));
process.on("SIGTERM", () => stopWith(143));
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `| head`: nobody reads on. That is no failure, and no reason to leave the worker standing there.
  if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  if (stoppedWith === undefined) stopWith(0);
});

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2));
  switch (options.mode) {
    case "help":
      terminal.line(help.trimEnd());
      return exitCodes.holds;
    case "query":
      return query(options, terminal);
    case "kill":
      return (await import("./kill.ts")).kill(options, terminal, stop.signal);
    case "run":
      return runFolder(options, terminal, stop.signal);
  }
}

function failed(error: unknown): number {
  if (stoppedWith !== undefined) return stoppedWith;
  const isOurs = error instanceof DemoError;
  if (!isOurs && !SemelError.isInstance(error)) throw error;
  process.stderr.write(`demo: ${error.code}: ${printable(error.message)}\n`);
  return isOurs ? exitCodes.usage : exitCodes.broken;
}

const code = await main().catch(failed);
process.exitCode = stoppedWith ?? code;
