import { expect } from "vitest";
import { completed, dead, stepBegin, stepDone } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function durability(promised: Promised): void {
  promised("what was confirmed outlives every process that knew of it", async (stage) => {
    if (!stage.features.durable) return stage.skip("the store declares no durability");
    if (!stage.canOpen) return stage.skip("the driver opens no second view of the same store (`open`)");
    const done = await stage.settled(completed('"done"'));
    const died = await stage.settled(dead());
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "charge"));
    await stage.expect("recorded", stepDone(running, "charge", '"receipt"'));
    await stage.endAllViews();
    const { store, deadLetters } = await stage.another();
    expect(await store.read([done.key, died.key, running.key])).toMatchObject([
      { state: "completed" },
      { state: "dead" },
      { state: "running" },
    ]);
    expect(await store.result(done.key)).toBe('"done"');
    expect(await deadLetters.get(died.job.id)).toMatchObject({ id: died.job.id });
    expect(await store.apply([stepBegin(running, "charge")])).toEqual([{ is: "memo", value: '"receipt"' }]);
  });
}
