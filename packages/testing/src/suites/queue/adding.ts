import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function adding(promised: Promised): void {
  promised("an empty list adds nothing", async (stage) => {
    expect(await stage.queue.add([])).toEqual([]);
    expect(await stage.queue.counts(stage.lane)).toMatchObject({ waiting: 0, delayed: 0, running: 0 });
  });

  promised("answers come in the order of the additions, over several lanes", async (stage) => {
    const [first, second, third] = [stage.job(), stage.job({ lane: "ai.embed" }), stage.job({ delayMs: 60_000 })];
    const repeat = stage.features.idempotentAdd ? "kept" : "added";
    expect(await stage.queue.add([first, second, first, third])).toEqual(
      ["added", "added", repeat, "added"].map((is) => ({ is })),
    );
  });

  for (const [where, delayMs] of [
    ["waiting", 0],
    ["delayed", 1],
  ] as const) {
    promised(`the same id twice while ${where} is kept and delivered once`, async (stage) => {
      needsIdempotence(stage);
      const job = stage.job({ delayMs: delayMs * stage.time.shortMs, envelope: '"the first"' });
      await stage.add(job);
      expect(await stage.queue.add([{ ...job, envelope: '"another"' }])).toEqual([{ is: "kept" }]);
      const hands = await stage.hands({ answer: () => ack });
      await stage.given(hands, 1);
      await stage.time.pass(2 * delayMs * stage.time.shortMs);
      await stage.quiet();
      expect(hands.taken.map(({ delivery }) => delivery.envelope)).toEqual(['"the first"']);
    });
  }

  promised("the same id while it is handed out is kept and not delivered beside it", async (stage) => {
    needsIdempotence(stage);
    const job = stage.job();
    await stage.add(job);
    const hands = await stage.hands();
    await stage.given(hands, 1);
    expect(await stage.queue.add([job])).toEqual([{ is: "kept" }]);
    await stage.quiet();
    hands.at(0).dispose(ack);
    await stage.quiet();
    expect(hands.ids).toEqual([job.id]);
  });

  promised("without idempotent adding, a repeat is taken as another job", async (stage) => {
    if (stage.features.idempotentAdd) return stage.skip("the queue declares idempotentAdd");
    const job = stage.job();
    await stage.add(job, job);
    const hands = await stage.hands({ answer: () => ack });
    await stage.given(hands, 2);
    expect(hands.ids).toEqual([job.id, job.id]);
  });

  promised("an id that was acknowledged may be added again", async (stage) => {
    const job = stage.job();
    const hands = await stage.hands({ answer: () => ack });
    await stage.add(job);
    await stage.given(hands, 1);
    await stage.time.until(
      async () => (await stage.queue.counts(stage.lane)).running === 0,
      "end of the first delivery",
    );
    await stage.add(job);
    await stage.given(hands, 2);
  });
}

function needsIdempotence(stage: QueueStage): void {
  if (!stage.features.idempotentAdd) stage.skip("the queue declares no idempotentAdd");
}
