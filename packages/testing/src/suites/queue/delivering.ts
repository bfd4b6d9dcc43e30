import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised } from "./stage.ts";

export function delivering(promised: Promised): void {
  promised("a job added before anybody listens is handed out once somebody does", async (stage) => {
    const [id] = await stage.add(stage.job());
    const hands = await stage.hands();
    await stage.given(hands, 1);
    expect(hands.ids).toEqual([id]);
  });

  promised("an idle consumer is given a job as soon as it is added", async (stage) => {
    const hands = await stage.hands();
    await stage.quiet();
    const [id] = await stage.add(stage.job());
    await stage.given(hands, 1);
    expect(hands.ids).toEqual([id]);
  });

  promised("a delivery carries the job's id, lane and envelope", async (stage) => {
    const job = stage.job({ envelope: '{"to":"ada"}' });
    await stage.add(job);
    const hands = await stage.hands();
    await stage.given(hands, 1);
    expect(hands.at(0).delivery).toMatchObject({ id: job.id, lane: job.lane, envelope: job.envelope });
  });

  promised("an acknowledged job does not come back", async (stage) => {
    await stage.add(stage.job());
    const hands = await stage.hands({ holdMs: stage.time.shortMs, answer: () => ack });
    await stage.given(hands, 1);
    await stage.time.pass(3 * stage.time.shortMs);
    await stage.given(hands, 1);
  });

  promised("a consumer holds no more than its concurrency, and is given the next when one is done", async (stage) => {
    const hands = await stage.hands({ concurrency: 3 });
    await stage.add(...stage.jobs(6));
    await stage.given(hands, 3);
    await stage.quiet();
    expect(hands.open).toHaveLength(3);
    hands.at(1).dispose(ack);
    await stage.given(hands, 4);
    await stage.quiet();
    expect(hands.most).toBe(3);
  });

  promised("a consumer is given jobs of its own lane only", async (stage) => {
    const mail = await stage.hands();
    const images = await stage.hands({ lane: "ai.image" });
    const mailId = await stage.add(stage.job());
    const imageId = await stage.add(stage.job({ lane: "ai.image", type: "ai.image" }));
    await stage.given(mail, 1);
    await stage.given(images, 1);
    expect([mail.ids, images.ids]).toEqual([mailId, imageId]);
  });

  promised("a lane is first in, first out", async (stage) => {
    for (const job of stage.jobs(8)) await stage.add(job);
    const hands = await stage.hands({ concurrency: 1, answer: () => ack });
    await stage.given(hands, 8);
    expect(hands.ids.map((id) => id.split("-").at(-1))).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  promised("a job that is never done does not keep others waiting", async (stage) => {
    const hands = await stage.hands({ concurrency: 2 });
    await stage.add(...stage.jobs(4));
    for (let given = 2; given <= 4; given++) {
      await stage.given(hands, given);
      hands.open[1]?.dispose(ack);
    }
    expect(new Set(hands.ids).size).toBe(4);
  });
}
