import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised } from "./stage.ts";

export function sharing(promised: Promised): void {
  promised("a job added in one process is handed out in another", async (stage) => {
    const other = await stage.another();
    const hands = await stage.hands({ queue: other });
    const [id] = await stage.add(stage.job());
    await stage.given(hands, 1);
    expect(hands.ids).toEqual([id]);
  });

  promised("all processes count alike", async (stage) => {
    const other = await stage.another();
    await stage.add(stage.job(), stage.job({ delayMs: 600_000 }));
    expect(await other.counts(stage.lane)).toEqual(await stage.queue.counts(stage.lane));
  });

  promised("each process is given its own concurrency and no more", async (stage) => {
    const other = await stage.another();
    const here = await stage.hands({ concurrency: 2 });
    const there = await stage.hands({ queue: other, concurrency: 3 });
    await stage.add(...stage.jobs(8));
    await stage.given(here, 2);
    await stage.given(there, 3);
    await stage.quiet();
    expect([here.open.length, there.open.length]).toEqual([2, 3]);
  });

  promised("a job that one process gives back again and again reaches the others", async (stage) => {
    const other = await stage.another();
    const { shortMs } = stage.time;
    await stage.hands({ answer: () => ({ do: "return", delayMs: shortMs }) });
    const there = await stage.hands({ queue: other, answer: () => ack });
    const [id] = await stage.add(stage.job());
    await stage.given(there, 1);
    expect(there.ids).toEqual([id]);
  });

  promised("a hold by one process holds the others", async (stage) => {
    if (!stage.features.hold) return stage.skip("the queue declares no hold");
    const other = await stage.another();
    const hands = await stage.hands({ queue: other });
    await stage.queue.hold(stage.lane);
    await stage.add(stage.job());
    await stage.quiet();
    expect(hands.ids).toEqual([]);
    expect((await other.counts(stage.lane)).held).toBe(true);
    await other.release(stage.lane);
    await stage.given(hands, 1);
  });

  promised("the end of one process leaves the others working", async (stage) => {
    const other = await stage.another();
    const gone = await stage.hands({ queue: other, answer: () => ack });
    await gone.consumer[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    const hands = await stage.hands();
    await stage.add(stage.job());
    await stage.given(hands, 1);
  });
}
