/* Enqueues without end, and ends itself at a failpoint. */
import { createSemel } from "@semel/core";
import { redis } from "@semel/redis";
import { effect } from "../support/effect-job.ts";
import type { WorkSettings } from "./work.ts";

const { url, prefix, namespace, at } = JSON.parse(process.argv[2] ?? "{}") as WorkSettings;
let hits = 0;
const failpoint = (name: string): void => {
  if (name === at?.point && ++hits === at.hit) process.kill(process.pid, at.signal);
};
const semel = createSemel({ ...redis(url, { prefix }), namespace, logger: false, runtime: { failpoint } });
for (let n = 0; ; n++) await semel.enqueue(effect, { n });
