/*
 * A worker in a process of its own: works until SIGTERM and prints its events. It can be told to end or to stop itself at
 * a failpoint, to take its time, and to keep its event loop busy. Nothing ends the process after `close`.
 */
import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createSemel, type SemelEvent } from "@semel/core";
import { bookedProcessor } from "../booked-job.ts";
import { brief, paidProcessor, poisonous, steady } from "../paid-job.ts";
import { backendAt, type Place } from "../place.ts";

export interface WorkSettings {
  readonly place: Place;
  readonly ledger: string;
  /** Default: 1, so that it is known whose job a failpoint is about. */
  readonly concurrency?: number | undefined;
  /** How long each job takes before its first step, in milliseconds; it obeys its signal. Default: 0. */
  readonly slowMs?: number | undefined;
  readonly answerMs?: number | undefined;
  /** How long it computes without a pause before its first step, or in it after the charge; the first time only. */
  readonly busy?: { readonly where: "before" | "within"; readonly ms: number } | undefined;
  /** Which signal it sends itself when it gets to a failpoint for the `hit`th time. */
  readonly at?: { readonly point: string; readonly hit: number; readonly signal: "SIGKILL" | "SIGSTOP" } | undefined;
  /** How long `close` lets running jobs go on at SIGTERM. Default: `"2s"`. */
  readonly grace?: `${number}s` | undefined;
}

// Whoever is killed leaves nothing for the next one.
flushCompileCache();

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkSettings;
const { place, ledger, concurrency = 1, slowMs = 0, answerMs, busy, at, grace = "2s" } = settings;
let current = -1;
let hits = 0;
let busyLeft = busy?.ms ?? 0;

function failpoint(name: string): void {
  if (name !== at?.point || ++hits !== at.hit) return;
  // On record before it happens: these are counted against repeated effects.
  appendFileSync(ledger, `${at.signal} ${current} ${name} ${process.pid}\n`);
  process.kill(process.pid, at.signal);
}

function compute(): void {
  if (busyLeft > 0) appendFileSync(ledger, `busy ${current} - ${process.pid}\n`);
  const until = performance.now() + busyLeft;
  busyLeft = 0;
  while (performance.now() < until);
}

const slowly = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, slowMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/** One line an event: its name, and what somebody may want to know of it. */
const print = (event: SemelEvent): void => console.log(`${event.name} ${JSON.stringify(event)}`);

const semel = createSemel({
  ...backendAt(place),
  logger: false,
  hooks: [{ onEvent: print }],
  runtime: { failpoint },
});

const paid = [brief, steady, poisonous].map((job) =>
  paidProcessor(job, {
    ledger,
    by: String(process.pid),
    answerMs,
    begins(n) {
      current = n;
      if (job === poisonous) process.kill(process.pid, "SIGKILL");
    },
    async before(signal) {
      if (busy?.where === "before") compute();
      if (slowMs > 0) await slowly(signal);
    },
    charged() {
      if (busy?.where === "within") compute();
    },
  }),
);
const rows = bookedProcessor({
  by: String(process.pid),
  answerMs,
  begins(n) {
    current = n;
  },
});
semel.worker({ processors: place.on === "postgres" ? [...paid, rows] : paid, concurrency });

process.once("SIGTERM", () => {
  const since = performance.now();
  void semel.close({ deadline: grace }).then(() => console.log(`closed ${Math.round(performance.now() - since)}`));
});
