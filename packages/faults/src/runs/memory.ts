import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createSemel, defineJob, processor } from "@semel/core";
import { z } from "zod";
import { atMost, exactly, told } from "../figure.ts";
import { backendAt, freshPlace } from "../place.ts";
import { type Run, range } from "../run.ts";

const jobs = 100_000;
const burst = 500;
/** Jobs that may wait or run while more are enqueued. */
const ahead = 4_000;

const counted = defineJob({
  type: "counted",
  payload: z.object({ n: z.number() }),
  correlation: ["n"],
  // Kept no longer than it is watched: what is measured is the process.
  window: "1m",
});

/** Megabytes in use, garbage collected. */
async function heapInUse(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed / 1e6;
}

export const memoryRun: Run = {
  name: "memory",
  about: "100,000 jobs with a step each through one process: its memory stays flat",
  longOnly: true,
  async run(setting) {
    const semel = createSemel({ ...backendAt(await freshPlace(setting, "redis")), logger: false });
    setting.resources.defer(() => semel.close({ deadline: "1s" }));
    let done = 0;
    semel.worker({
      processors: [processor(counted, async ({ once }) => void (await once("count", () => ++done)))],
      concurrency: 50,
    });
    const heaps: number[] = [];
    const tenth = jobs / 10;
    for (let from = 0; from < jobs; from += burst) {
      await semel.enqueueMany(
        counted,
        range(burst).map((n) => ({ n: from + n })),
      );
      while (from + burst - done > ahead) await new Promise((resolve) => setTimeout(resolve, 20));
      if ((from + burst) % tenth === 0) {
        heaps.push(await heapInUse());
        setting.progress(`${done} of ${jobs} done, ${heaps.at(-1)?.toFixed(1)} MB`);
      }
    }
    while (done < jobs) await new Promise((resolve) => setTimeout(resolve, 20));
    const [first = 0, last = 0] = [heaps[0], heaps.at(-1)];
    return [
      told("heap in use at every tenth", `${heaps.map((heap) => heap.toFixed(1)).join(" ")} MB`),
      told("resident memory at the end", `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`),
      atMost("at the end, beside a tenth of the way", 1.1, last / first, " ×"),
      exactly("effects", jobs, done),
    ];
  },
};
