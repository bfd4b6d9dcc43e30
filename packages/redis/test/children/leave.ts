/*
 * Uses Semel in one of several ways and closes it at SIGTERM; at once, if it was not even used. Nothing ends the process
 * after that: it has to end by itself.
 */
import { flushCompileCache } from "node:module";
import { createSemel, SemelError, type SemelEvent } from "@semel/core";
import { redis } from "@semel/redis";
import { effect, effectProcessor } from "../support/effect-job.ts";

export interface LeaveSettings {
  readonly url: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly ledger: string;
  /** `idle`: a worker with nothing to do. `loaded`: enqueues and works without a pause, and waits for results. */
  readonly use: "unused" | "idle" | "loaded";
}

flushCompileCache();
const { url, prefix, namespace, ledger, use } = JSON.parse(process.argv[2] ?? "{}") as LeaveSettings;
const printed = new Set<SemelEvent["name"]>(["worker.started", "worker.problem", "worker.stopped", "backend.warning"]);
const print = (event: SemelEvent): void => {
  if (printed.has(event.name)) console.log(`${event.name} ${JSON.stringify(event)}`);
};
const semel = createSemel({ ...redis(url, { prefix }), namespace, logger: false, hooks: [{ onEvent: print }] });

async function enqueue(from: number): Promise<void> {
  for (let n = from; ; n++) {
    try {
      const { result } = await semel.enqueue(effect, { n });
      void result().then(
        () => console.log("result"),
        (error: SemelError) => console.log(`no result ${error.code}`),
      );
    } catch (error) {
      if (!SemelError.isInstance(error)) throw error;
      console.log(`not enqueued ${error.code}`);
      if (error.code === "CLOSED") return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function close(): Promise<void> {
  const since = performance.now();
  await semel.close({ deadline: "2s" });
  console.log(`closed ${Math.round(performance.now() - since)}`);
}

if (use === "unused") await close();
else {
  process.once("SIGTERM", () => void close());
  semel.worker({ processors: [effectProcessor(effect, ledger, "leave")], concurrency: 5 });
  if (use === "loaded") await Promise.all([0, 1_000_000].map(enqueue));
}
