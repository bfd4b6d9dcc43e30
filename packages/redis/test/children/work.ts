/*
 * A worker in a process of its own: works until SIGTERM, prints its events, and can be told to end or to stop itself at a
 * failpoint. Nothing ends the process after `close`: it has to end by itself.
 */
import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createSemel, type SemelEvent } from "@semel/core";
import { redis } from "@semel/redis";
import { brief, effect, effectProcessor, steady } from "../support/effect-job.ts";

export interface WorkSettings {
  readonly url: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly ledger: string;
  /** Default: 1, so that it is known whose job a failpoint is about. */
  readonly concurrency?: number;
  /** How long each job takes before its first step, in milliseconds. Default: 0. */
  readonly slowMs?: number;
  /** Which signal it sends itself when it gets to a failpoint for the `hit`th time. */
  readonly at?: { readonly point: string; readonly hit: number; readonly signal: "SIGKILL" | "SIGSTOP" };
}

// Whoever is killed leaves nothing for the next one.
flushCompileCache();

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkSettings;
const { url, prefix, namespace, ledger, concurrency = 1, slowMs = 0, at } = settings;
let current = -1;
let hits = 0;

function failpoint(name: string): void {
  if (name !== at?.point || ++hits !== at.hit) return;
  // On record before it happens: the test counts these against repeated effects.
  appendFileSync(ledger, `${at.signal} ${current} ${name}\n`);
  process.kill(process.pid, at.signal);
}

/** One line an event: its name, and what a test may want to know of it. */
function print(event: SemelEvent): void {
  console.log(`${event.name} ${JSON.stringify(event)}`);
}

const semel = createSemel({
  ...redis(url, { prefix }),
  namespace,
  logger: false,
  hooks: [{ onEvent: print }],
  runtime: { failpoint },
});
const begin = (n: number): void => {
  current = n;
};
const by = String(process.pid);
semel.worker({
  processors: [effect, steady, brief].map((job) => {
    const inner = effectProcessor(job, ledger, by, begin);
    return { ...inner, process: (context) => pausing(() => inner.process(context)) };
  }),
  concurrency,
});

async function pausing<T>(then: () => T): Promise<Awaited<T>> {
  if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
  return await then();
}

process.once("SIGTERM", () => {
  void semel.close().then(() => console.log("closed"));
});
