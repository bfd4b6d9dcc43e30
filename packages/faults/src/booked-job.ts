import { type AnyProcessor, defineJob, processor } from "@semel/core";
import { z } from "zod";

/** Work whose effect is a row, written in the commit that completes it. */
export const booked = defineJob({
  type: "booked",
  lease: "1s",
  payload: z.object({ n: z.number().int() }),
  result: z.object({ n: z.number(), by: z.string() }),
  correlation: ["n"],
  maxCrashes: 1_000,
});

/** Nothing in it is unique: a row that is there twice shows. */
export const rowsTable = "CREATE TABLE public.booked (n integer NOT NULL, by text NOT NULL)";

export interface Booking {
  /** Who writes. */
  readonly by: string;
  /** How long the transaction stays open after its row. Milliseconds. */
  readonly answerMs?: number | undefined;
  /** Told which job is begun. */
  readonly begins?: ((n: number) => void) | undefined;
}

export function bookedProcessor({ by, answerMs = 0, begins }: Booking): AnyProcessor {
  return processor(booked, async ({ payload: { n }, transaction }) => {
    begins?.(n);
    return transaction(async (tx) => {
      await tx.query("INSERT INTO public.booked (n, by) VALUES ($1, $2)", [n, by]);
      if (answerMs > 0) await new Promise((resolve) => setTimeout(resolve, answerMs));
      return { n, by };
    });
  });
}
