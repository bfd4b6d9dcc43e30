import { createSemel, defineJob, processor, type SemelEvent } from "@semel/core";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ProcessClock } from "../../src/exercise/process-clock.ts";
import { createTestKit, type TestKit, VirtualClock } from "../../src/index.ts";

const payload = z.object({ n: z.number() });
let kit: TestKit;
afterEach(() => kit?.close());

describe("jobs that have lost nearly as many workers as they may", () => {
  const job = defineJob({ type: "work", payload, correlation: ["n"] });
  const running = { now: 0, most: 0 };
  const slow = processor(job, async () => {
    running.most = Math.max(running.most, ++running.now);
    await new Promise<void>((resolve) => void kit.clock.timer(5_000, resolve));
    running.now--;
  });
  const start = async (deaths: number) => {
    Object.assign(running, { now: 0, most: 0 });
    kit = createTestKit({ processors: [slow] });
    kit.crashAt("claim:after", { times: 4 * deaths });
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push((await kit.semel.enqueue(job, { n })).id);
    // Each death is over with its lease, after which all four come back together.
    for (let death = 0; death < deaths; death++) await kit.advance("31s");
    return ids;
  };
  const states = async (ids: readonly string[]) =>
    (await Promise.all(ids.map((id) => kit.semel.status(id)))).map((status) => [status?.state, status?.crashes]);

  it("run one at a time, and each completes", async () => {
    const ids = await start(2);
    await kit.advance("5m");
    expect(running.most).toBe(1);
    expect(await states(ids)).toEqual(ids.map(() => ["completed", 2]));
    expect(kit.events.filter(({ name }) => name === "delivery.held")).not.toEqual([]);
    expect(kit.events.find((event) => event.name === "delivery.held" && event.reason === "isolated")).toBeDefined();
  });

  it("do not hold up those that have not", async () => {
    const ids = await start(2);
    const fresh = await kit.semel.enqueue(job, { n: 100 });
    await kit.advance("6s");
    expect(await kit.semel.status(fresh.id)).toMatchObject({ state: "completed" });
    await kit.advance("5m");
    expect(await states(ids)).toEqual(ids.map(() => ["completed", 2]));
  });

  it("one death is not enough: a machine that was switched off makes nobody slow", async () => {
    const ids = await start(1);
    await kit.advance("10s");
    expect(running.most).toBe(4);
    expect(await states(ids)).toEqual(ids.map(() => ["completed", 1]));
  });
});

describe("a process that stands still", () => {
  it.each([
    ["for a third of the lease", 22_000, { crashes: 0 }],
    ["beyond the lease", 60_000, { crashes: 0 }],
  ] as const)("%s says for how long, once, however many jobs it runs", async (_, forMs, left) => {
    const clock = new VirtualClock();
    const process = new ProcessClock(clock);
    const events: SemelEvent[] = [];
    const semel = createSemel({
      ...memory(),
      logger: false,
      runtime: { clock: process },
      hooks: [{ onEvent: (event) => void events.push(event) }],
    });
    const job = defineJob({ type: "work", payload, correlation: ["n"] });
    const gate = Promise.withResolvers<void>();
    semel.worker({ processors: [processor(job, () => gate.promise)] });
    await clock.advance(0);
    const { id } = await semel.enqueue(job, { n: 1 });
    await semel.enqueue(job, { n: 2 });
    await clock.advance(0);
    process.pause();
    await clock.advance(forMs);
    process.resume();
    await clock.advance(100);
    expect(events.filter(({ name }) => name === "worker.stalled")).toMatchObject([{ forMs: forMs - 10_000 }]);
    gate.resolve();
    await clock.advance(100);
    expect(await semel.status(id)).toMatchObject({ state: "completed", ...left });
    await clock.advance(60_000);
    expect(events.filter(({ name }) => name === "worker.stalled")).toHaveLength(1);
    const closing = semel.close({ deadline: "0s" });
    await clock.advance(10_000);
    await closing;
  });
});
