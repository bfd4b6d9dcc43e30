/*
 * A worker that ends at a signal. Prints its events, and at the end what became of its jobs. Nothing ends the process after
 * that but `closeOnSignals`, or that nothing keeps it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { closeOnSignals, createSemel, defineJob, processor } from "../../src/index.ts";
import { memory } from "../../src/memory/index.ts";

export interface ServeSettings {
  readonly deadline: `${number}s`;
  /** How long each job takes; the last ones, `deaf` of them, do not listen to their signal. */
  readonly jobs: readonly number[];
  readonly deaf?: number;
  /** Something else keeps the process. */
  readonly lingers?: boolean;
  /** What is done when Semel has closed never ends. */
  readonly hangs?: boolean;
  /** Without it, nothing is installed. */
  readonly listens?: boolean;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as ServeSettings;
const { deadline, jobs, deaf = 0, lingers = false, hangs = false, listens = true } = settings;
const job = defineJob({ type: "served", payload: z.object({ n: z.number() }), correlation: ["n"] });
const semel = createSemel({
  ...memory(),
  logger: false,
  hooks: [{ onEvent: (event) => console.log(`${event.name} ${JSON.stringify(event)}`) }],
});
const served = processor(job, async ({ payload: { n }, signal }) => {
  await pause(jobs[n] ?? 0, undefined, n >= jobs.length - deaf ? {} : { signal });
});
semel.worker({ processors: [served] });
if (lingers) setInterval(() => undefined, 1_000);
if (listens) {
  closeOnSignals(semel, {
    deadline,
    onClosed(closed) {
      console.log(`closed ${JSON.stringify(closed)}`);
      return hangs ? new Promise(() => undefined) : undefined;
    },
  });
}
for (const n of jobs.keys()) await semel.enqueue(job, { n });
console.log(`listeners ${["SIGTERM", "SIGINT"].map((name) => process.listenerCount(name))}`);
