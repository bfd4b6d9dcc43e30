import type { Delivery } from "@semel/core/adapter";
import { expect } from "vitest";
import { abandon, ack, returned } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function holdingOn(promised: Promised): void {
  promised("a job whose holder goes silent is handed to somebody else when its hold ends", async (stage) => {
    const { silent, heir } = await afterLostHold(stage);
    expect(heir.ids).toEqual(silent.ids);
  });

  promised("a hold that has not ended is respected", async (stage) => {
    const { holder, other } = await twoConsumers(stage);
    await stage.time.pass(stage.time.shortMs / 2);
    expect([holder.taken.length, other.taken.length]).toEqual([1, 0]);
  });

  promised("a hold that is extended goes on", async (stage) => {
    const { holder, other } = await twoConsumers(stage);
    const held = [holder.at(0).delivery];
    for (let third = 0; third < 9; third++) {
      await stage.time.pass(stage.time.shortMs / 3);
      expect(await holder.consumer.extend(held), "lost").toEqual([]);
    }
    expect(other.ids).toEqual([]);
  });

  promised("extending answers exactly the holds that are gone", async (stage) => {
    const { silent, heir } = await afterLostHold(stage);
    const [mine] = await stage.add(stage.job({ lane: "other" }));
    const busy = await stage.hands({ lane: "other" });
    await stage.given(busy, 1);
    expect(idsOf(await silent.consumer.extend([silent.at(0).delivery])), "of the one who lost it").toEqual(silent.ids);
    expect(idsOf(await heir.consumer.extend([heir.at(0).delivery])), "of the new holder").toEqual([]);
    expect(idsOf(await busy.consumer.extend([busy.at(0).delivery])), `of ${mine}`).toEqual([]);
    expect(await busy.consumer.extend([]), "of none").toEqual([]);
  });

  promised("an acknowledgement after the hold was lost does not take the job from its new holder", async (stage) => {
    const { silent, heir } = await afterLostHold(stage);
    silent.at(0).dispose(ack);
    await stage.quiet();
    expect(idsOf(await heir.consumer.extend([heir.at(0).delivery])), "lost by the new holder").toEqual([]);
    silent.letGo();
    await silent.consumer[Symbol.asyncDispose]();
    heir.at(0).dispose(returned());
    await stage.given(heir, 2);
    expect(heir.ids).toEqual([silent.ids[0], silent.ids[0]]);
  });

  promised("a return after the hold was lost hands the job to nobody else", async (stage) => {
    const { silent, heir } = await afterLostHold(stage);
    silent.at(0).dispose(returned());
    await stage.quiet();
    expect([silent.taken.length, heir.taken.length]).toEqual([1, 1]);
  });

  promised("an abandoned job comes back when its hold ends, and not before", async (stage) => {
    const { holder, other } = await twoConsumers(stage);
    holder.at(0).dispose(abandon);
    await stage.time.pass(stage.time.shortMs / 4);
    expect(other.ids).toEqual([]);
    await stage.time.until(() => holder.taken.length + other.taken.length === 2, "abandoned job");
  });
}

const idsOf = (deliveries: readonly Delivery[]): readonly string[] => deliveries.map(({ id }) => id);

type Working = Awaited<ReturnType<QueueStage["hands"]>>;

/** One consumer holds a job, another is idle. */
async function twoConsumers(stage: QueueStage): Promise<{ holder: Working; other: Working }> {
  const holdMs = stage.time.shortMs;
  const holder = await stage.hands({ concurrency: 1, holdMs });
  await stage.add(stage.job());
  await stage.given(holder, 1);
  const other = await stage.hands({ queue: await stage.anotherIfPossible(), holdMs });
  return { holder, other };
}

/** The first holder said nothing until its hold ended; the heir extends its own hold in time. */
async function afterLostHold(stage: QueueStage): Promise<{ silent: Working; heir: Working }> {
  const silent = await stage.hands({ concurrency: 1, holdMs: stage.time.shortMs });
  await stage.add(stage.job());
  await stage.given(silent, 1);
  const heir = await stage.hands({ queue: await stage.anotherIfPossible() });
  await stage.given(heir, 1);
  return { silent, heir };
}
