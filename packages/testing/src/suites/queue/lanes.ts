import { expect } from "vitest";
import { ack } from "./hands.ts";
import { laneNames } from "./payloads.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function lanes(promised: Promised): void {
  promised("every lane that got a job is listed with its types, consumed or not", async (stage) => {
    await stage.add(
      stage.job({ lane: "mail", type: "mail.send" }),
      stage.job({ lane: "mail", type: "mail.digest", delayMs: 600_000 }),
      stage.job({ lane: "ai.embed", type: "ai.embed" }),
    );
    expect(await listed(stage)).toEqual({ "ai.embed": ["ai.embed"], mail: ["mail.digest", "mail.send"] });
  });

  promised("a lane stays listed when its jobs are done", async (stage) => {
    const hands = await stage.hands({ answer: () => ack });
    await stage.add(stage.job());
    await stage.given(hands, 1);
    await stage.quiet();
    expect(await listed(stage)).toEqual({ [stage.lane]: [stage.lane] });
  });

  promised("lanes of every allowed name are listed as they were given", async (stage) => {
    await stage.add(...laneNames.map((lane) => stage.job({ lane, type: lane })));
    const found = await stage.queue.lanes();
    expect(found.map(({ lane, types }) => [lane, ...types]).sort()).toEqual(
      laneNames.map((lane) => [lane, lane]).sort(),
    );
  });

  promised("another process sees them too", async (stage) => {
    const other = await stage.another();
    await stage.add(stage.job());
    expect((await other.lanes()).map(({ lane }) => lane)).toEqual([stage.lane]);
  });
}

async function listed(stage: QueueStage): Promise<Record<string, readonly string[]>> {
  const found = await stage.queue.lanes();
  return Object.fromEntries(found.map(({ lane, types }) => [lane, [...types].sort()]));
}
