import { appendFileSync } from "node:fs";
import { type AnyProcessor, defineJob, processor } from "@semel/core";
import { z } from "zod";

const shape = {
  payload: z.object({ n: z.number().int() }),
  result: z.object({ n: z.number(), by: z.string() }),
  // What is tested is who runs a job and how often, not when it is given up.
  maxCrashes: 100,
} as const;

/** Work with an effect in the world outside. Its lease outlasts every outage that is tested. */
export const effect = defineJob({ type: "effect", correlation: ["n"], lease: "15s", ...shape });

/** The same for short outages: what a worker has lost is back soon. */
export const steady = defineJob({ type: "steady", correlation: ["n"], lease: "5s", ...shape });

/** The same with the shortest lease there is, so that a take-over can be waited for. */
export const brief = defineJob({ type: "brief", correlation: ["n"], lease: "1s", ...shape });

export type EffectJob = typeof effect | typeof steady | typeof brief;

/** The two steps of either job write here, and nothing ever takes a line out: a repeat shows. */
export function effectProcessor(
  job: EffectJob,
  ledger: string,
  by: string,
  onBegin: (n: number) => void = () => undefined,
): AnyProcessor {
  return processor(job, async ({ payload: { n }, once }) => {
    onBegin(n);
    await once("effect", ({ key }) => appendFileSync(ledger, `effect ${n} ${key}\n`));
    await once("second", ({ key }) => appendFileSync(ledger, `second ${n} ${key}\n`));
    return { n, by };
  });
}
