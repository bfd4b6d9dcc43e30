import { DeferError, defineJob, processor } from "@semel/core";
import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

const definition = { payload: z.object({ n: z.number() }), correlation: ["n"], result: z.unknown() } as const;
const job = defineJob({ type: "embed", ...definition });
const other = defineJob({ type: "other", ...definition });
const shared = ["left", "right"].map((type) => defineJob({ type, queue: "both", ...definition }));
const isBusy = (error: unknown): boolean => error instanceof DeferError;

let kit: TestKit;
afterEach(() => kit.close());
const named = (name: string) => kit.events.filter((event) => event.name === name);
const many = Array.from({ length: 50 }, (_, n) => ({ n }));

it("one deferral of a whole type is enough: the other jobs are not fetched, claimed and deferred one by one", async () => {
  let isOver = false;
  const call = vi.fn(async () => {
    if (!isOver) throw new DeferError("429", "30s");
  });
  kit = createTestKit({ processors: [processor(job, call, { restsType: isBusy })], concurrency: 4 });
  await kit.semel.enqueueMany(job, many);
  await kit.drain();
  expect(call.mock.calls.length).toBeLessThanOrEqual(8);
  expect(named("queue.rested").length).toBeLessThanOrEqual(2);
  expect(named("queue.rested")[0]).toMatchObject({ queue: "embed", reason: "429" });
  const calls = call.mock.calls.length;
  await kit.advance("29s");
  expect(call).toHaveBeenCalledTimes(calls);
  isOver = true;
  await kit.advance("30s");
  expect(await kit.semel.counts()).toMatchObject([{ pending: 0, delayed: 0, paused: false }]);
  expect(named("attempt.completed")).toHaveLength(50);
  expect(named("attempt.failed")).toEqual([]);
});

it("other types go on", async () => {
  kit = createTestKit({
    processors: [
      processor(job, () => Promise.reject(new DeferError("429", "30s")), { restsType: isBusy }),
      processor(other, async ({ payload }) => payload.n),
    ],
  });
  await kit.semel.enqueueMany(job, many);
  await kit.semel.enqueueMany(other, many);
  await kit.drain();
  expect(named("attempt.completed")).toHaveLength(50);
});

it("types that share a queue do not rest for each other", async () => {
  const [left, right] = shared as [typeof job, typeof job];
  kit = createTestKit({
    processors: [
      processor(left, () => Promise.reject(new DeferError("429", "30s")), { restsType: isBusy }),
      processor(right, async ({ payload }) => payload.n),
    ],
  });
  await kit.semel.enqueueMany(left, many);
  await kit.semel.enqueueMany(right, many);
  await kit.drain();
  expect(named("queue.rested")).toEqual([]);
  expect(named("attempt.completed")).toHaveLength(50);
});

it("an operator's pause outlasts it, and a resume ends both", async () => {
  let isOver = false;
  const call = vi.fn(async () => {
    if (!isOver) throw new DeferError("429", "30s");
  });
  kit = createTestKit({ processors: [processor(job, call, { restsType: isBusy })] });
  await kit.semel.enqueueMany(job, many);
  await kit.drain();
  await kit.semel.pause({ type: "embed" });
  isOver = true;
  await kit.advance("10m");
  expect(named("attempt.completed")).toEqual([]);
  await kit.semel.resume({ type: "embed" });
  await kit.advance("1s");
  expect(named("attempt.completed")).toHaveLength(50);
});

it("a policy that throws is as good as none", async () => {
  kit = createTestKit({
    processors: [
      processor(job, () => Promise.reject(new DeferError("429", "1s")), {
        restsType: () => {
          throw new Error("no");
        },
      }),
    ],
  });
  await kit.semel.enqueue(job, { n: 1 });
  expect(await kit.drain()).toMatchObject({ deferred: 1 });
  expect(named("queue.rested")).toEqual([]);
});
