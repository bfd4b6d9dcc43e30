import type { WorkerBeat } from "@semel/core/adapter";
import { expect } from "vitest";
import type { Promised } from "./stage.ts";

const beat = (id: string, over: Partial<WorkerBeat> = {}): WorkerBeat => ({
  id,
  where: "host.example:4711",
  types: [{ type: "mail.send", version: 2 }],
  busy: 1,
  concurrency: 10,
  startedAt: 1_700_000_000_000,
  seenAt: 0,
  ...over,
});

export function workers(promised: Promised): void {
  promised("a worker that says it is alive is listed, with the time of the store's clock", async (stage) => {
    const { now } = await stage.start();
    await stage.store.beat(beat("w1"), 60_000);
    await stage.store.beat(beat("w2", { types: [], where: "ü 👩‍👩‍👧" }), 60_000);
    const listed = [...(await stage.store.workers())].sort((a, b) => a.id.localeCompare(b.id));
    const { seenAt: _1, ...first } = beat("w1");
    const { seenAt: _2, ...second } = beat("w2", { types: [], where: "ü 👩‍👩‍👧" });
    expect(listed).toMatchObject([first, second]);
    for (const { seenAt } of listed) expect(seenAt).toBeGreaterThanOrEqual(now);
  });

  promised("a beat is answered with the store's clock, also the last", async (stage) => {
    const { now } = await stage.start();
    const first = await stage.store.beat(beat("w1"), 60_000);
    await stage.time.pass(5);
    const last = await stage.store.beat(beat("w1"), 0);
    expect(first).toBeGreaterThanOrEqual(now);
    expect(last - first).toBeGreaterThanOrEqual(4);
    expect(Math.abs(last - stage.time.clock.now()), "off the suite's clock").toBeLessThan(60_000);
  });

  promised("a later beat takes the place of the earlier", async (stage) => {
    await stage.store.beat(beat("w1"), 60_000);
    const [before] = await stage.store.workers();
    await stage.time.pass(5);
    await stage.store.beat(beat("w1", { busy: 7 }), 60_000);
    const after = await stage.store.workers();
    expect(after).toMatchObject([{ id: "w1", busy: 7 }]);
    expect(after[0]?.seenAt).toBeGreaterThan(before?.seenAt ?? Number.POSITIVE_INFINITY);
  });

  promised("a worker that goes silent is forgotten after its time", async (stage) => {
    await stage.store.beat(beat("silent"), stage.time.shortMs);
    await stage.store.beat(beat("alive"), 600_000);
    await stage.time.pass(2 * stage.time.shortMs);
    expect((await stage.store.workers()).map(({ id }) => id)).toEqual(["alive"]);
  });

  promised("a worker that leaves is forgotten at once", async (stage) => {
    await stage.store.beat(beat("w1"), 60_000);
    await stage.store.beat(beat("w1"), 0);
    await stage.store.beat(beat("never-seen"), 0);
    expect(await stage.store.workers()).toEqual([]);
  });

  promised("other processes see it", async (stage) => {
    const other = await stage.another();
    await stage.store.beat(beat("w1"), 60_000);
    expect((await other.store.workers()).map(({ id }) => id)).toEqual(["w1"]);
  });
}
