import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Arguments } from "./arguments.ts";
import { type BackendPlace, clear, demandRedis, redisAddress } from "./backend.ts";
import { exitCodes } from "./demo-error.ts";
import type { WorkerMessage } from "./kill-job.ts";
import { KillProvider, type ReceivedCall } from "./kill-provider.ts";
import { chargesByChunk, Ledger } from "./ledger.ts";
import { dataPath, makeFolder, newNamespace } from "./state-folder.ts";
import { plural, seconds, styled, type Terminal } from "./terminal.ts";

const limitMs = 120_000;
const program = fileURLToPath(new URL("./kill-worker.ts", import.meta.url));

type Ended = Extract<WorkerMessage, { is: "ended" }>;

/**
 * `--kill`: a worker process is killed when the provider has charged its call and not yet answered; another one takes
 * over. This process is the provider and the witness. It never opens an embedded directory: one process at a time can.
 */
export async function kill(options: Arguments, terminal: Terminal, stop: AbortSignal): Promise<number> {
  const { redis: url } = options;
  const namespace = newNamespace();
  if (url !== undefined) await demandRedis({ kind: "redis", url, namespace });
  const data = dataPath(options.data);
  makeFolder(data);
  const folder = mkdtempSync(join(data, "kill-"));
  const where: BackendPlace =
    url === undefined ? { kind: "embedded", directory: join(folder, "queue") } : { kind: "redis", url, namespace };
  const ledger = join(folder, "effects.jsonl");
  const startedAt = performance.now();
  const say = (text: string) => terminal.line(`  ${seconds(performance.now() - startedAt).padStart(6)}  ${text}`);
  const timeUp = AbortSignal.timeout(limitMs);
  const over = AbortSignal.any([stop, timeUp]);
  const provider = new KillProvider(new Ledger(ledger), (call) => say(providerSays(call)));
  const workers: Worker[] = [];

  terminal.line(styled("bold", "Semel demo: a worker is killed in the middle of a paid call"));
  const keeper =
    url === undefined ? "are files, worked on by one process at a time" : `are on Redis at ${redisAddress(url)}`;
  terminal.line(styled("dim", `  the provider is fake and runs here; queue and store ${keeper}\n`));
  try {
    const address = await provider.start();
    const start = (name: string) => {
      const worker = new Worker(where, address, (text) => say(`${name}: ${text}`));
      say(`${name}: process ${worker.pid} starts`);
      workers.push(worker);
      return worker;
    };
    const first = start("worker 1");
    await until(over, provider.firstCall, first.broken);
    await first.kill();
    say(styled("red", "worker 1: killed (SIGKILL) after the charge, before the answer"));
    const second = start("worker 2");
    const ended = await until(over, second.ended, second.broken);
    return conclude(terminal, provider.calls, new Ledger(ledger), ended, performance.now() - startedAt);
  } catch (error) {
    if (stop.aborted) throw error;
    const why = timeUp.aborted ? `not done within ${seconds(limitMs)}` : (error as Error).message;
    terminal.line(styled("red", `\nIt does not hold: ${why}.`));
    return exitCodes.broken;
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    provider.close();
    if (where.kind === "redis") await clear(where.url, where.namespace);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A worker process, seen from outside. */
class Worker {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** What became of the job, in this worker's words. */
  readonly ended: Promise<Ended>;
  /** Rejects when the process ends by itself and leaves the job undone. */
  readonly broken: Promise<never>;

  constructor(where: BackendPlace, provider: string, say: (text: string) => void) {
    const env = { ...process.env, KILL_BACKEND: JSON.stringify(where) };
    const child = fork(program, [provider], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const ended = Promise.withResolvers<Ended>();
    const broken = Promise.withResolvers<never>();
    const exited = Promise.withResolvers<void>();
    // It may reject when nobody is waiting for it any more.
    broken.promise.catch(() => {});
    child.on("message", (message: WorkerMessage) => {
      if (message.is === "ended") ended.resolve(message);
      say(workerSays(message));
    });
    child.once("error", broken.reject);
    child.once("exit", (code, signal) => {
      broken.reject(new Error(`a worker process ended too early (${signal ?? `exit code ${code}`})`));
      exited.resolve();
    });
    this.#child = child;
    this.#exited = exited.promise;
    this.ended = ended.promise;
    this.broken = broken.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** No signal handler of its own runs, nothing is put in order: as when the machine is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

/** The first of them to happen; rejects when the time is up or somebody pressed Ctrl-C. */
function until<T>(over: AbortSignal, ...promises: readonly Promise<T>[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(over.reason);
    if (over.aborted) aborted();
    over.addEventListener("abort", aborted, { once: true });
    Promise.race(promises).then(resolve, reject);
  });
}

function providerSays({ key, charged }: ReceivedCall): string {
  const what = charged ? styled("yellow", "charged") : styled("green", "key known: answered, not charged again");
  return `provider: a call with key ${key.slice(0, 8)}…, ${what}`;
}

function workerSays(message: WorkerMessage): string {
  switch (message.is) {
    case "enqueued":
      return message.outcome === "created" ? "enqueued the job" : `enqueued the same work: ${message.outcome}`;
    case "started":
      return `attempt ${message.attempt} ${message.recovered ? "again, the dead worker's lease is over" : "begins"}`;
    case "ended":
      return `job ${message.state} on attempt ${message.attempt}, crashes ${message.crashes}`;
  }
}

function conclude(
  terminal: Terminal,
  calls: readonly ReceivedCall[],
  ledger: Ledger,
  { state, attempt, crashes }: Ended,
  tookMs: number,
): number {
  const charges = [...chargesByChunk(ledger.lines).values()].reduce((sum, charged) => sum + charged, 0);
  const claims = [
    { claim: `the ledger of effects stands at ${charges}`, holds: charges === 1 },
    {
      claim: `the provider got ${plural(calls.length, "call")} with one key`,
      holds: calls.length === 2 && calls[0]?.key === calls[1]?.key,
    },
    { claim: "the job is completed, one crash on record", holds: state === "completed" && crashes === 1 },
    { claim: "no attempt was burned by the crash", holds: attempt === 1 },
    { claim: `all of it within ${seconds(limitMs)}: ${seconds(tookMs)}`, holds: tookMs < limitMs },
  ];
  terminal.line();
  terminal.claims(claims);
  return claims.every(({ holds }) => holds) ? exitCodes.holds : exitCodes.broken;
}
