import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function hold(promised: Promised): void {
  promised("a held lane hands out nothing, takes additions all the same, and goes on when released", async (stage) => {
    needsHold(stage);
    const hands = await stage.hands();
    await stage.queue.hold(stage.lane);
    await stage.add(...stage.jobs(2));
    await stage.quiet();
    expect(hands.ids).toEqual([]);
    expect(await stage.queue.counts(stage.lane)).toMatchObject({ held: true, waiting: 2 });
    await stage.queue.release(stage.lane);
    await stage.given(hands, 2);
    expect((await stage.queue.counts(stage.lane)).held).toBe(false);
  });

  promised("what is handed out already goes on", async (stage) => {
    needsHold(stage);
    const hands = await stage.hands({ concurrency: 1 });
    await stage.add(...stage.jobs(2));
    await stage.given(hands, 1);
    await stage.queue.hold(stage.lane);
    hands.at(0).dispose(ack);
    await stage.time.until(async () => (await stage.queue.counts(stage.lane)).running === 0, "end of the running job");
    await stage.quiet();
    expect(hands.taken).toHaveLength(1);
    await stage.queue.release(stage.lane);
    await stage.given(hands, 2);
  });

  promised("a hold with an end ends by itself, and not before", async (stage) => {
    needsHold(stage);
    const { clock, shortMs } = stage.time;
    const hands = await stage.hands();
    const heldAt = clock.monotonic();
    await stage.queue.hold(stage.lane, clock.now() + 2 * shortMs);
    await stage.add(stage.job());
    await stage.given(hands, 1);
    expect(hands.at(0).at - heldAt).toBeGreaterThanOrEqual(2 * shortMs - 5);
  });

  promised("a later hold replaces the end of an earlier one", async (stage) => {
    needsHold(stage);
    const { clock, shortMs } = stage.time;
    const hands = await stage.hands();
    await stage.queue.hold(stage.lane, clock.now() + shortMs / 2);
    await stage.queue.hold(stage.lane);
    await stage.add(stage.job());
    await stage.time.pass(shortMs);
    await stage.quiet();
    expect(hands.ids).toEqual([]);
  });

  promised("a hold with an end does not end one without, whichever came first", async (stage) => {
    needsHold(stage);
    const { clock, shortMs } = stage.time;
    const hands = await stage.hands();
    await stage.queue.hold(stage.lane);
    await stage.queue.hold(stage.lane, clock.now() + shortMs / 2);
    await stage.add(stage.job());
    await stage.time.pass(shortMs);
    await stage.quiet();
    expect(hands.ids).toEqual([]);
    expect((await stage.queue.counts(stage.lane)).held).toBe(true);
    await stage.queue.release(stage.lane);
    await stage.given(hands, 1);
  });

  promised("a release ends both kinds of hold", async (stage) => {
    needsHold(stage);
    const { clock } = stage.time;
    const hands = await stage.hands();
    await stage.queue.hold(stage.lane, clock.now() + 600_000);
    await stage.queue.hold(stage.lane);
    await stage.add(stage.job());
    await stage.queue.release(stage.lane);
    await stage.given(hands, 1);
  });

  promised("a hold whose end is past holds nothing", async (stage) => {
    needsHold(stage);
    await stage.queue.hold(stage.lane, stage.time.clock.now() - 60_000);
    const hands = await stage.hands();
    await stage.add(stage.job());
    await stage.given(hands, 1);
  });

  promised("other lanes go on", async (stage) => {
    needsHold(stage);
    const hands = await stage.hands({ lane: "other" });
    await stage.queue.hold(stage.lane);
    await stage.add(stage.job({ lane: "other" }));
    await stage.given(hands, 1);
  });

  promised("holding twice and releasing what is not held are harmless", async (stage) => {
    needsHold(stage);
    await stage.queue.release(stage.lane);
    await stage.queue.hold(stage.lane);
    await stage.queue.hold(stage.lane);
    await stage.queue.release(stage.lane);
    await stage.queue.release(stage.lane);
    const hands = await stage.hands();
    await stage.add(stage.job());
    await stage.given(hands, 1);
  });

  promised("a queue that cannot hold says so", async (stage) => {
    if (stage.features.hold) return stage.skip("the queue declares hold");
    await expect(stage.queue.hold(stage.lane)).rejects.toThrow();
    await expect(stage.queue.release(stage.lane)).rejects.toThrow();
  });
}

function needsHold(stage: QueueStage): void {
  if (!stage.features.hold) stage.skip("the queue declares no hold");
}
