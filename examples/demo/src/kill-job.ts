import { defineJob } from "@semel/core";
import { z } from "zod";

/** The job of `--kill`. Its lease is short, so that nobody has to watch for half a minute how a worker stays dead. */
export const paidJob = defineJob({
  type: "paid-call",
  payload: z.object({ order: z.string(), text: z.string() }),
  result: z.object({ dimensions: z.number() }),
  correlation: ["order"],
  lease: "3s",
});

/** What a worker process tells its parent. */
export type WorkerMessage =
  | { readonly is: "enqueued"; readonly outcome: "created" | "duplicate" | "replayed" }
  | { readonly is: "started"; readonly attempt: number; readonly recovered: boolean }
  | {
      readonly is: "ended";
      readonly state: string;
      readonly attempt: number;
      readonly crashes: number;
      readonly dimensions: number | undefined;
    };
