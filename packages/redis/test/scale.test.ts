import { createSemel, defineJob } from "@semel/core";
import type { Addition } from "@semel/core/adapter";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { redis } from "../src/index.ts";
import { freshPlace } from "./support/stage.ts";

/* What is asked of one job, or of a line, costs the same however long the line is. */

const backlog = 20_000;
const job = defineJob({
  type: "scaled",
  payload: z.object({ n: z.number() }),
  correlation: ["n"],
});
const rounds = 41;

const median = (all: readonly number[]): number => all.toSorted((left, right) => left - right)[all.length >> 1] ?? 0;

test(`with ${backlog} jobs waiting, questions are answered as with none`, { timeout: 120_000 }, async () => {
  const { url, prefix } = freshPlace();
  const backend = redis(url, { prefix });
  const semel = createSemel({ ...backend, namespace: "test", logger: false });
  onTestFinished(() => semel.close());
  await semel.ready();

  let next = 0;
  const measure = async (): Promise<ReadonlyMap<string, number>> => {
    const times = new Map<string, number[]>();
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const since = performance.now();
      const answer = await work();
      times.set(what, [...(times.get(what) ?? []), performance.now() - since]);
      return answer;
    };
    for (let round = 0; round < rounds; round++) {
      const n = next++;
      const { id } = await timed("enqueue", () => semel.enqueue(job, { n }));
      expect(await timed("status", () => semel.status(id))).toMatchObject({ state: "pending" });
      expect(await timed("find", () => semel.find(job, { n }))).toMatchObject({ id });
      expect(await timed("explain", () => semel.explain(id))).toMatchObject([{ code: "no-worker" }]);
      expect(await timed("counts", () => semel.counts())).toMatchObject([{ queue: "scaled" }]);
      expect(await timed("cancel", () => semel.cancel(id))).toBe("cancelled");
    }
    return new Map([...times].map(([what, all]) => [what, median(all)]));
  };

  await measure();
  const empty = await measure();
  const added = await fill(backend.queue);
  expect((await semel.counts())[0]?.pending).toBe(backlog);
  const full = await measure();
  console.info(`${backlog} jobs were added in ${Math.round(added)} ms; medians of ${rounds}, empty and full, in ms:`);
  for (const [what, ms] of full) console.info(`  ${what}: ${(empty.get(what) ?? 0).toFixed(2)} ${ms.toFixed(2)}`);
  for (const [what, ms] of full) {
    expect.soft(ms, what).toBeLessThan(100);
    // Where a call takes a fraction of a millisecond, what else the machine does shows more than the line.
    expect.soft(ms / Math.max(0.5, empty.get(what) ?? 0), what).toBeLessThan(5);
  }
});

/** Past Semel, whose records are not what is tested. Answers how long it took, in milliseconds. */
async function fill(queue: ReturnType<typeof redis>["queue"]): Promise<number> {
  const since = performance.now();
  const addition = (n: number): Addition => ({
    id: `Jx3vQ9-_0aZbYcXdWeVfUgThSiRjQkPl.${n}`,
    lane: job.type,
    type: job.type,
    envelope: `{"n":${n}}`,
    delayMs: 0,
  });
  for (let from = 0; from < backlog; from += 1_000) {
    await queue.add(Array.from({ length: 1_000 }, (_, at) => addition(from + at)));
  }
  return performance.now() - since;
}
