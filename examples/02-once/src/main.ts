// A worker is killed between paying and writing down that it paid. What do the providers' ledgers say afterwards?
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Provider } from "./provider.ts";
import type { Ended } from "./worker.ts";

const program = fileURLToPath(new URL("./worker.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "semel-example-once-"));

const stories = [
  { title: "a provider that honours the key", provider: new Provider(join(folder, "honours.jsonl"), true), charges: 1 },
  { title: "a provider that does not", provider: new Provider(join(folder, "ignores.jsonl"), false), charges: 2 },
];
const providers = stories.map(({ provider }) => provider);
const addresses = await Promise.all(providers.map((provider) => provider.start()));
let worker: ChildProcess | undefined;
process.once("exit", () => {
  worker?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function startWorker(): ChildProcess {
  worker = fork(program, [join(folder, "queue"), ...addresses], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  // A worker that breaks ends the story; one that is killed has a signal and no code.
  worker.once("exit", (code) => code && process.exit(1));
  return worker;
}

const first = startWorker();
await Promise.all(providers.map(({ firstCall }) => firstCall));
// Both have charged, neither has answered. No handler runs, nothing is put in order: as when the machine is gone.
first.kill("SIGKILL");
await once(first, "exit");
const [ended] = (await once(startWorker(), "message")) as [readonly Ended[]];

let isAsItSays = true;
const told = stories.map(({ title, provider: { calls }, charges }, at) => {
  const { state, attempt, crashes } = ended[at] ?? {};
  const keys = new Set(calls.map(({ key }) => key)).size;
  const paid = calls.filter(({ charged }) => charged).length;
  isAsItSays &&= state === "completed" && attempt === 1 && crashes === 1;
  isAsItSays &&= calls.length === 2 && keys === 1 && paid === charges;
  return [
    title,
    ...calls.map(({ key, charged }, call) => {
      const what = charged ? "charged" : "key known: answered, not charged";
      return `  call ${call + 1}  key ${key.slice(0, 8)}…  ${what}${call === 0 ? "; the worker is killed before the answer arrives" : ""}`;
    }),
    `  job ${state} on attempt ${attempt}, crashes ${crashes}`,
    `  the ledger says: ${calls.length} calls, ${keys} key, ${paid} ${paid === 1 ? "charge" : "charges"}`,
  ].join("\n");
});
console.log(told.join("\n\n"));
for (const provider of providers) provider.close();
if (!isAsItSays) {
  console.error("\nIt did not come out as it should.");
  process.exitCode = 1;
}
