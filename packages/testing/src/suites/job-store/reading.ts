import { expect } from "vitest";
import { completed } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function reading(promised: Promised): void {
  promised("records come in the order of the keys, with a gap for those nobody stands for", async (stage) => {
    const [a, b] = [await stage.reserved(), await stage.reserved()];
    const unknown = stage.job();
    const records = await stage.store.read([b.key, unknown.key, a.key, b.key]);
    expect(records.map((record) => record?.id)).toEqual([b.id, undefined, a.id, b.id]);
  });

  promised("no keys, no records; no operations, no answers", async ({ store }) => {
    expect(await store.read([])).toEqual([]);
    expect(await store.apply([])).toEqual([]);
  });

  promised("five hundred keys are read in one call", async (stage) => {
    const job = await stage.reserved();
    const keys = Array.from({ length: 500 }, (_, index) => (index === 250 ? job.key : stage.job().key));
    const records = await stage.store.read(keys);
    expect(records).toHaveLength(500);
    expect(records.flatMap((record, index) => (record ? [index] : []))).toEqual([250]);
  });

  promised("work without a result or an envelope has none", async (stage) => {
    const { key } = stage.job();
    expect([await stage.store.result(key), await stage.store.envelope(key)]).toEqual([undefined, undefined]);
    const pending = await stage.reserved();
    expect([await stage.store.result(pending.key), await stage.store.envelope(pending.key)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  promised("what one process wrote, another reads", async (stage) => {
    const other = await stage.another();
    const running = await stage.settled(completed('"shared"', { envelope: "{}" }));
    expect(await other.store.read([running.key])).toEqual([await stage.standing(running)]);
    expect([await other.store.result(running.key), await other.store.envelope(running.key)]).toEqual([
      '"shared"',
      "{}",
    ]);
  });
}
