/* A parent's worker in a process of its own, which kills itself when it gets to a failpoint for the `hit`th time. */
import { flushCompileCache } from "node:module";
import { createSemel } from "@semel/core";
import { redis } from "@semel/redis";
import { gatherProcessor } from "../support/gather-job.ts";

export interface GatherSettings {
  readonly url: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly at: { readonly point: string; readonly hit: number };
}

// Whoever is killed leaves nothing for the next one.
flushCompileCache();

const { url, prefix, namespace, at } = JSON.parse(process.argv[2] ?? "{}") as GatherSettings;
let hits = 0;
const failpoint = (name: string): void => {
  if (name === at.point && ++hits === at.hit) process.kill(process.pid, "SIGKILL");
};
const semel = createSemel({ ...redis(url, { prefix }), namespace, logger: false, runtime: { failpoint } });
semel.worker({ processors: [gatherProcessor], concurrency: 1 });
