import type { Priority } from "@semel/core/adapter";
import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

const added: readonly Priority[] = ["bulk", "normal", "interactive", "normal", "bulk", "interactive"];

export function priority(promised: Promised): void {
  promised("the more urgent goes first, and within one priority the earlier", async (stage) => {
    if (!stage.features.priority) return stage.skip("the queue declares no priority");
    expect(await orderOf(stage)).toEqual([
      "interactive-3",
      "interactive-6",
      "normal-2",
      "normal-4",
      "bulk-1",
      "bulk-5",
    ]);
  });

  promised("a priority that cannot be honoured changes nothing", async (stage) => {
    if (stage.features.priority) return stage.skip("the queue declares priority");
    expect(await orderOf(stage)).toEqual(added.map((urgency, index) => `${urgency}-${index + 1}`));
  });

  promised("a job that comes late but urgent overtakes those still waiting", async (stage) => {
    if (!stage.features.priority) return stage.skip("the queue declares no priority");
    const hands = await stage.hands({ concurrency: 1 });
    await stage.add(...stage.jobs(3, { priority: "bulk" }));
    await stage.given(hands, 1);
    const [urgent] = await stage.add(stage.job({ priority: "interactive" }));
    hands.at(0).dispose(ack);
    await stage.given(hands, 2);
    expect(hands.ids[1]).toBe(urgent);
  });
}

async function orderOf(stage: QueueStage): Promise<readonly string[]> {
  for (const [index, urgency] of added.entries()) {
    await stage.add(stage.job({ priority: urgency, envelope: JSON.stringify(`${urgency}-${index + 1}`) }));
  }
  const hands = await stage.hands({ concurrency: 1, answer: () => ack });
  await stage.given(hands, added.length);
  return hands.taken.map(({ delivery }) => JSON.parse(delivery.envelope));
}
