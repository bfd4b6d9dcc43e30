import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function lookingUp(promised: Promised): void {
  promised("a job is found while it waits, is delayed or handed out, and not afterwards", async (stage) => {
    if (!stage.features.lookup) return stage.skip("the queue declares no lookup");
    const has = (id: string) => stage.queue.has(stage.lane, id);
    const waiting = stage.job();
    const delayed = stage.job({ delayMs: 600_000 });
    await stage.add(waiting, delayed);
    expect([await has(waiting.id), await has(delayed.id), await has(stage.idOf("unknown"))]).toEqual([
      true,
      true,
      false,
    ]);
    const hands = await stage.hands();
    await stage.given(hands, 1);
    expect(await has(waiting.id), "while it is handed out").toBe(true);
    hands.at(0).dispose(ack);
    await stage.time.until(async () => !(await has(waiting.id)), "end of the acknowledged job");
  });

  promised("a job is looked for in its lane only", async (stage) => {
    if (!stage.features.lookup) return stage.skip("the queue declares no lookup");
    const [id = ""] = await stage.add(stage.job());
    expect(await stage.queue.has("other", id)).toBe(false);
  });

  promised("a queue that cannot look up says so", async (stage) => {
    if (stage.features.lookup) return stage.skip("the queue declares lookup");
    await expect(stage.queue.has(stage.lane, stage.idOf("1"))).rejects.toThrow();
  });
}

export function removing(promised: Promised): void {
  promised("a job that waits or is delayed is removed and never handed out", async (stage) => {
    needsRemove(stage);
    const { shortMs } = stage.time;
    const doomed = [stage.job(), stage.job({ delayMs: shortMs / 2 })];
    await stage.add(...doomed);
    const [other] = await stage.add(stage.job());
    for (const { id } of doomed) expect(await stage.queue.remove(stage.lane, id)).toBe("removed");
    const hands = await stage.hands({ answer: () => ack });
    await stage.time.pass(shortMs);
    await stage.quiet();
    expect(hands.ids).toEqual([other]);
  });

  promised("a job in somebody's hands stays there", async (stage) => {
    needsRemove(stage);
    const [id = ""] = await stage.add(stage.job());
    const hands = await stage.hands({ holdMs: stage.time.shortMs });
    await stage.given(hands, 1);
    expect(await stage.queue.remove(stage.lane, id)).toBe("running");
    expect(await hands.consumer.extend([hands.at(0).delivery]), "lost").toEqual([]);
  });

  promised("a job that is not there is absent", async (stage) => {
    needsRemove(stage);
    const [id = ""] = await stage.add(stage.job());
    expect(await stage.queue.remove(stage.lane, stage.idOf("unknown"))).toBe("absent");
    await stage.queue.remove(stage.lane, id);
    expect(await stage.queue.remove(stage.lane, id)).toBe("absent");
  });

  promised("a removed id may be added again", async (stage) => {
    needsRemove(stage);
    const job = stage.job();
    await stage.add(job);
    await stage.queue.remove(stage.lane, job.id);
    await stage.add(job);
    const hands = await stage.hands();
    await stage.given(hands, 1);
  });

  promised("a queue that cannot remove says so", async (stage) => {
    if (stage.features.remove) return stage.skip("the queue declares remove");
    await expect(stage.queue.remove(stage.lane, stage.idOf("1"))).rejects.toThrow();
  });
}

function needsRemove(stage: QueueStage): void {
  if (!stage.features.remove) stage.skip("the queue declares no remove");
}
