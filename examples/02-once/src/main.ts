// A worker is killed between paying and writing down that it paid. What does the provider's ledger say afterwards?
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Provider } from "./provider.ts";

/** On a busy machine four new databases take their time. */
const limitMs = 240_000;
const program = fileURLToPath(new URL("./worker.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "semel-example-once-"));
const workers = new Set<ChildProcess>();

interface Ended {
  readonly state: string;
  readonly attempt: number;
  readonly crashes: number;
}

interface Story {
  readonly title: string;
  readonly honoursKeys: boolean;
  /** What the ledger has to say. */
  readonly charges: number;
}

const stories: readonly Story[] = [
  { title: "a provider that honours the key", honoursKeys: true, charges: 1 },
  { title: "a provider that does not", honoursKeys: false, charges: 2 },
];

function startWorker(directory: string, address: string): ChildProcess {
  const worker = fork(program, [directory, address], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  workers.add(worker);
  return worker;
}

/** Plays one story. Answers what is to be printed, and whether it went as it says. */
async function play({
  title,
  honoursKeys,
  charges,
}: Story): Promise<{ readonly text: string; readonly holds: boolean }> {
  const directory = join(folder, honoursKeys ? "honours" : "ignores");
  const provider = new Provider(`${directory}.jsonl`, honoursKeys);
  const address = await provider.start();
  try {
    const first = startWorker(directory, address);
    await provider.firstCall;
    // No handler runs, nothing is put in order: as when the machine is gone.
    first.kill("SIGKILL");
    await once(first, "exit");
    const second = startWorker(directory, address);
    const [{ state, attempt, crashes }] = (await once(second, "message")) as [Ended];
    const { calls } = provider;
    const keys = new Set(calls.map(({ key }) => key));
    const paid = calls.filter(({ charged }) => charged).length;
    const lines = calls.map(
      ({ key, charged }, at) =>
        `  call ${at + 1}  key ${key.slice(0, 8)}…  ${charged ? "charged" : "key known: answered, not charged"}` +
        (at === 0 ? "; the worker is killed before the answer arrives" : ""),
    );
    const text = [
      title,
      ...lines,
      `  job ${state} on attempt ${attempt}, crashes ${crashes}`,
      `  the ledger says: ${calls.length} calls, ${keys.size} key, ${paid} ${paid === 1 ? "charge" : "charges"}`,
    ].join("\n");
    const isDone = state === "completed" && attempt === 1 && crashes === 1;
    return { text, holds: isDone && calls.length === 2 && keys.size === 1 && paid === charges };
  } finally {
    provider.close();
  }
}

const late = setTimeout(() => {
  console.error(`not done within ${limitMs / 1_000} s`);
  process.exit(1);
}, limitMs);
process.once("exit", () => {
  for (const worker of workers) worker.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

// Side by side: each waits mostly for a dead worker's lease to end.
const played = await Promise.all(stories.map(play));
clearTimeout(late);
console.log(played.map(({ text }) => text).join("\n\n"));
process.exitCode = played.every(({ holds }) => holds) ? 0 : 1;
if (process.exitCode !== 0) console.error("\nIt did not come out as it should.");
