import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised } from "./stage.ts";

export function stopping(promised: Promised): void {
  promised("nothing is handed over after stop() resolved, while what runs may finish", async (stage) => {
    const hands = await stage.hands({ concurrency: 2 });
    await stage.add(...stage.jobs(4));
    await stage.given(hands, 2);
    await hands.consumer.stop();
    const before = hands.taken.length;
    hands.disposeAll(ack);
    await stage.add(stage.job());
    await stage.quiet();
    expect(hands.taken).toHaveLength(before);
    expect((await stage.queue.counts(stage.lane)).waiting, "jobs left for others").toBe(5 - before);
  });

  promised("an idle consumer that was stopped takes nothing more", async (stage) => {
    const hands = await stage.hands();
    await stage.quiet();
    await hands.consumer.stop();
    const [id] = await stage.add(stage.job());
    await stage.quiet();
    expect(hands.ids).toEqual([]);
    const other = await stage.hands();
    await stage.given(other, 1);
    expect(other.ids).toEqual([id]);
  });

  promised("disposing of a consumer waits for what it holds, and its acknowledgement counts", async (stage) => {
    const hands = await stage.hands({ holdMs: stage.time.shortMs });
    await stage.add(stage.job());
    await stage.given(hands, 1);
    let isDisposed = false;
    const disposing = hands.consumer[Symbol.asyncDispose]().then(() => {
      isDisposed = true;
    });
    await stage.time.pass(stage.time.shortMs / 4);
    expect(isDisposed, "while the job is in hand").toBe(false);
    hands.at(0).dispose(ack);
    await stage.time.until(() => isDisposed, "end of the consumer");
    await disposing;
    const other = await stage.hands();
    await stage.time.pass(2 * stage.time.shortMs);
    expect(other.ids, "acknowledged, so nobody else's").toEqual([]);
  });

  promised("stopping and disposing twice, in any order, is harmless", async (stage) => {
    const hands = await stage.hands({ answer: () => ack });
    await stage.add(stage.job());
    await stage.given(hands, 1);
    await Promise.all([hands.consumer.stop(), hands.consumer.stop()]);
    await hands.consumer[Symbol.asyncDispose]();
    await hands.consumer.stop();
    await hands.consumer[Symbol.asyncDispose]();
    await stage.queue[Symbol.asyncDispose]();
    await stage.queue[Symbol.asyncDispose]();
  });
}
