/*
 * A worker that ends at a signal. Prints its events, and at the end what became of its jobs. Whether it lives on after that
 * is its own affair: with `lingers` something else keeps the process.
 */
import { setTimeout as pause } from "node:timers/promises";
import { closeOnSignals, createSemel, processor } from "@semel/core";
import { embedded } from "@semel/embedded";
import { served } from "../support/served-job.ts";

export interface ServeSettings {
  readonly directory: string;
  readonly deadline: `${number}s`;
  readonly lingers?: boolean;
  /** Without it, nothing is installed. */
  readonly listens?: boolean;
}

const { directory, deadline, lingers = false, listens = true } = JSON.parse(process.argv[2] ?? "{}") as ServeSettings;
const semel = createSemel({
  ...embedded(directory),
  logger: false,
  hooks: [{ onEvent: (event) => console.log(`${event.name} ${JSON.stringify(event)}`) }],
});
semel.worker({
  processors: [
    processor(served, async ({ payload: { ms, isDeaf }, signal }) => {
      await pause(ms, undefined, isDeaf ? {} : { signal });
    }),
  ],
});
if (lingers) setInterval(() => undefined, 1_000);
if (listens) closeOnSignals(semel, { deadline, onClosed: (closed) => console.log(`closed ${JSON.stringify(closed)}`) });
for (const [n, ms] of [200, 60_000].entries()) await semel.enqueue(served, { n, ms, isDeaf: false });
await semel.enqueue(served, { n: 2, ms: 60_000, isDeaf: true });
console.log(`listeners ${["SIGTERM", "SIGINT"].map((name) => process.listenerCount(name))}`);
