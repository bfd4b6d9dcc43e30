#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { exitCode } from "./exit-code.ts";
import { run } from "./run.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** How long what is under way may take to come to its end. Whoever stops containers waits 10 s. */
const patienceMs = 3_000;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    // The second time somebody means it.
    if (stop.signal.aborted) process.exit(exitCode.interrupted);
    stop.abort(new Error("interrupted"));
    // What waits for a server that never answers does not hear it.
    setTimeout(() => process.exit(exitCode.interrupted), patienceMs).unref();
  });
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read has enough.
  if (error.code === "EPIPE") process.exit(exitCode.ok);
  throw error;
});

process.exitCode = await run(
  process.argv.slice(2),
  {
    out: process.stdout,
    err: process.stderr,
    in: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    stop: stop.signal,
  },
  version,
);
