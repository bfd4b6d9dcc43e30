import type { LaneCounts } from "@semel/core/adapter";
import { expect } from "vitest";
import { ack, returned } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function counts(promised: Promised): void {
  promised("a lane nobody ever used is empty", async (stage) => {
    expect(await stage.queue.counts("unheard-of")).toMatchObject({ waiting: 0, delayed: 0, running: 0, held: false });
  });

  promised("waiting, delayed and running are told apart through the life of a job", async (stage) => {
    await stage.add(stage.job(), stage.job(), stage.job({ delayMs: 600_000 }));
    await expectCounts(stage, { waiting: 2, delayed: 1, running: 0 });
    const hands = await stage.hands({ concurrency: 1 });
    await stage.given(hands, 1);
    await expectCounts(stage, { waiting: 1, delayed: 1, running: 1 });
    hands.at(0).dispose(ack);
    await stage.given(hands, 2);
    await expectCounts(stage, { waiting: 0, delayed: 1, running: 1 });
    hands.at(1).dispose(returned(600_000));
    await expectCounts(stage, { waiting: 0, delayed: 2, running: 0 });
  });

  promised("lanes are counted apart", async (stage) => {
    await stage.add(stage.job(), stage.job({ lane: "other" }), stage.job({ lane: "other" }));
    expect([(await stage.queue.counts(stage.lane)).waiting, (await stage.queue.counts("other")).waiting]).toEqual([
      1, 2,
    ]);
  });

  promised("the oldest waiting job's time, where it is told, is the time it began to wait", async (stage) => {
    const { clock, shortMs, slackMs } = stage.time;
    expect((await stage.queue.counts(stage.lane)).oldestWaitingAt, "of an empty lane").toBeUndefined();
    const addedAt = clock.now();
    await stage.add(stage.job());
    await stage.time.pass(shortMs);
    await stage.add(stage.job());
    const { oldestWaitingAt } = await stage.queue.counts(stage.lane);
    if (oldestWaitingAt === undefined) return stage.skip("the queue does not tell since when its oldest job waits");
    expect(Math.abs(oldestWaitingAt - addedAt)).toBeLessThanOrEqual(slackMs + 5);
  });
}

async function expectCounts(stage: QueueStage, expected: Partial<LaneCounts>): Promise<void> {
  const shown = JSON.stringify(expected);
  // A disposition is on its way for a moment after the handler answered.
  const agree = async () => {
    const seen = await stage.queue.counts(stage.lane);
    return seen.waiting === expected.waiting && seen.delayed === expected.delayed && seen.running === expected.running;
  };
  await stage.time.until(agree, `counts of ${shown}`);
}
