import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function limits(promised: Promised): void {
  promised("a limit holds over all consumers, and each end makes room for one", async (stage) => {
    needsLimit(stage);
    await stage.queue.limit(stage.lane, 2);
    const workers = [await stage.hands(), await stage.hands({ queue: await stage.anotherIfPossible() })];
    const open = () => workers.flatMap((hands) => hands.open);
    await stage.add(...stage.jobs(6));
    for (let done = 0; done < 5; done++) {
      await stage.time.until(() => open().length >= 2, "two jobs in hand");
      await stage.quiet();
      expect(open()).toHaveLength(2);
      open()[0]?.dispose(ack);
    }
  });

  promised("a limit that is lifted is gone", async (stage) => {
    needsLimit(stage);
    await stage.queue.limit(stage.lane, 1);
    const hands = await stage.hands();
    await stage.add(...stage.jobs(4));
    await stage.given(hands, 1);
    await stage.queue.limit(stage.lane, undefined);
    // Brokers may look at a limit only when the next hand-over is due.
    hands.at(0).dispose(ack);
    await stage.given(hands, 4);
    expect(hands.open).toHaveLength(3);
  });

  promised("a limit is of its lane only", async (stage) => {
    needsLimit(stage);
    await stage.queue.limit(stage.lane, 1);
    const hands = await stage.hands({ lane: "other" });
    await stage.add(...stage.jobs(3, { lane: "other" }));
    await stage.given(hands, 3);
  });

  promised("a queue that cannot limit says so", async (stage) => {
    if (stage.features.limit) return stage.skip("the queue declares limit");
    await expect(stage.queue.limit(stage.lane, 1)).rejects.toThrow();
  });
}

function needsLimit(stage: QueueStage): void {
  if (!stage.features.limit) stage.skip("the queue declares no limit");
}
