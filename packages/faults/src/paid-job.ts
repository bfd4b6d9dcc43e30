import { appendFileSync } from "node:fs";
import { type AnyProcessor, defineJob, processor } from "@semel/core";
import { z } from "zod";

const shape = {
  payload: z.object({ n: z.number().int() }),
  result: z.object({ n: z.number(), by: z.string() }),
  correlation: ["n"],
  // What is tested is who runs a job and how often, not when it is given up.
  maxCrashes: 1_000,
} as const;

/** Work with effects in the world outside. The shortest lease there is, so that a take-over can be waited for. */
export const brief = defineJob({ type: "brief", lease: "1s", ...shape });

/** The same with a lease that outlasts the outages that are tested. */
export const steady = defineJob({ type: "steady", lease: "15s", ...shape });

/** The same, given up soon: for the job that kills whoever runs it. */
export const poisonous = defineJob({ type: "poisonous", lease: "1s", ...shape, maxCrashes: 2 });

export type PaidJob = typeof brief | typeof steady | typeof poisonous;

export interface Paying {
  readonly ledger: string;
  /** Who writes. */
  readonly by: string;
  /** How long the provider takes to answer after it has charged. Milliseconds. */
  readonly answerMs?: number | undefined;
  /** Told which job is begun. */
  readonly begins?: ((n: number) => void) | undefined;
  /** What to do before the first step. */
  readonly before?: ((signal: AbortSignal) => Promise<void> | void) | undefined;
  /** What to do in the first step, when the charge has been made. */
  readonly charged?: (() => void) | undefined;
}

/**
 * Two steps that write into the ledger, where nothing is ever taken out: a repeat shows. Between a line `effect` and the
 * line `recorded` of the same writer its worker is in the one window, or has just left it.
 */
export function paidProcessor(
  job: PaidJob,
  { ledger, by, answerMs = 0, begins, before, charged }: Paying,
): AnyProcessor {
  const write = (what: string, n: number, key: string): void => appendFileSync(ledger, `${what} ${n} ${key} ${by}\n`);
  return processor(job, async ({ payload: { n }, once, signal }) => {
    begins?.(n);
    await before?.(signal);
    const key = await once("effect", async ({ key }) => {
      write("effect", n, key);
      charged?.();
      if (answerMs > 0) await new Promise((resolve) => setTimeout(resolve, answerMs));
      return key;
    });
    write("recorded", n, key);
    await once("second", ({ key }) => write("second", n, key));
    return { n, by };
  });
}
