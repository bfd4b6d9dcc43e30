import { expect } from "vitest";
import type { Promised } from "./stage.ts";

export function durability(promised: Promised): void {
  promised("jobs outlive every process that knew of them", async (stage) => {
    if (!stage.features.durable) return stage.skip("the queue declares no durability");
    const ids = await stage.add(...stage.jobs(3), stage.job({ delayMs: stage.time.shortMs }));
    await stage.endAllViews();
    const hands = await stage.hands({ queue: await stage.another() });
    await stage.given(hands, ids.length);
    expect(hands.ids).toEqual(ids);
  });

  promised("a job in the hands of a process that ended comes back", async (stage) => {
    if (!stage.features.durable) return stage.skip("the queue declares no durability");
    const [id] = await stage.add(stage.job());
    const lost = await stage.hands({ holdMs: stage.time.shortMs });
    await stage.given(lost, 1);
    await stage.endAllViews();
    const hands = await stage.hands({ queue: await stage.another() });
    await stage.given(hands, 1);
    expect(hands.ids).toEqual([id]);
  });

  promised("jobs outlive a restart of the broker exactly if the queue is durable", async (stage) => {
    const ids = await stage.add(...stage.jobs(3));
    await stage.restartBroker();
    const hands = await stage.hands({ queue: await stage.another() });
    if (stage.features.durable) await stage.given(hands, ids.length);
    else await stage.quiet();
    expect(hands.ids).toEqual(stage.features.durable ? ids : []);
  });
}
