/* A worker that ends at a signal, as a deployment's does. Prints its events, and what became of its jobs. */
import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { type AnyProcessor, closeOnSignals, createSemel, processor } from "@semel/core";
import { redis } from "@semel/redis";
import { served } from "../support/served-job.ts";

export interface ServeSettings {
  readonly url: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly ledger: string;
  readonly deadline: `${number}s`;
}

flushCompileCache();
const { url, prefix, namespace, ledger, deadline } = JSON.parse(process.argv[2] ?? "{}") as ServeSettings;

const serving: AnyProcessor = processor(served, async ({ payload: { n, does, ms }, once, signal }) => {
  await once("effect", ({ key }) => appendFileSync(ledger, `effect ${n} ${key}\n`));
  if (does === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  else await pause(ms, undefined, { signal });
  if (does === "die") {
    appendFileSync(ledger, `death ${n} -\n`);
    process.kill(process.pid, "SIGKILL");
  }
  await once("second", ({ key }) => appendFileSync(ledger, `second ${n} ${key}\n`));
  return String(process.pid);
});
const semel = createSemel({
  ...redis(url, { prefix }),
  namespace,
  logger: false,
  hooks: [{ onEvent: (event) => console.log(`${event.name} ${JSON.stringify(event)}`) }],
});
semel.worker({ processors: [serving], concurrency: 8 });
closeOnSignals(semel, { deadline, onClosed: (closed) => console.log(`closed ${JSON.stringify(closed)}`) });
