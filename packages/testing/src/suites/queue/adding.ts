import type { Addition } from "@semel/core/adapter";
import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

export function adding(promised: Promised): void {
  promised("an empty list adds nothing", async (stage) => {
    expect(await stage.queue.add([])).toEqual([]);
    expect(await stage.queue.counts(stage.lane)).toMatchObject({ waiting: 0, delayed: 0, running: 0 });
  });

  promised("there is an answer for each addition, over several lanes and for a repeat as well", async (stage) => {
    const [first, second, third] = [stage.job(), stage.job({ lane: "ai.embed" }), stage.job({ delayMs: 60_000 })];
    const added = { is: "added" };
    expect(await stage.queue.add([first, second, first, third])).toEqual([added, added, added, added]);
  });

  for (const [where, delayMs] of [
    ["waiting", 0],
    ["delayed", 1],
  ] as const) {
    promised(`the same id twice while ${where}: one delivery, with the first envelope`, async (stage) => {
      needsIdempotence(stage);
      const { shortMs } = stage.time;
      const job = stage.job({ delayMs: delayMs * shortMs, envelope: '"the first"' });
      await stage.add(job);
      await stage.add({ ...job, envelope: '"another"' });
      expect(await delivered(stage, 1, 2 * delayMs * shortMs)).toEqual(['"the first"']);
    });
  }

  promised("the same id twice in one call: one delivery, with the first envelope", async (stage) => {
    needsIdempotence(stage);
    const job = stage.job({ envelope: '"the first"' });
    await stage.add(job, stage.job({ envelope: '"its neighbour"' }), { ...job, envelope: '"another"' });
    expect([...(await delivered(stage, 2))].sort()).toEqual(['"its neighbour"', '"the first"']);
  });

  promised("the same id through two queue objects: one delivery, with the first envelope", async (stage) => {
    needsIdempotence(stage);
    const job = stage.job({ envelope: '"the first"' });
    await stage.add(job);
    const other = await stage.anotherIfPossible();
    expect(await other.add([{ ...job, envelope: '"another"' }])).toEqual([{ is: "added" }]);
    expect(await delivered(stage, 1)).toEqual(['"the first"']);
  });

  promised("the same id many times at once, through two queue objects: one delivery, of one of them", async (stage) => {
    needsIdempotence(stage);
    const queues = [stage.queue, await stage.anotherIfPossible()];
    const jobs = stage.jobs(5);
    const copies = jobs.map((job) => queues.flatMap((_, at) => [copy(job, `${at} a`), copy(job, `${at} b`)]));
    const calls = copies.flatMap((same) => same.map((job, at) => queues[at >> 1]?.add([job])));
    expect(await Promise.all(calls)).toEqual(calls.map(() => [{ is: "added" }]));
    const envelopes = await delivered(stage, jobs.length);
    const ofEach = copies.map((same) => envelopes.filter((text) => same.some(({ envelope }) => envelope === text)));
    expect(ofEach.map(({ length }) => length)).toEqual(jobs.map(() => 1));
  });

  promised("the same id while it is handed out is not delivered beside it, nor afterwards", async (stage) => {
    needsIdempotence(stage);
    const job = stage.job();
    await stage.add(job);
    const hands = await stage.hands();
    await stage.given(hands, 1);
    await stage.add({ ...job, envelope: '"another"' });
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

  promised(
    "another delivery of a job has an id with a mark, and is none of the first one's business",
    async (stage) => {
      // Added so that a delayed one comes sooner: only then is that removed.
      const sleeping = stage.job({ delayMs: 600_000, envelope: '"the same"' });
      const another = { ...sleeping, id: `${sleeping.id}~look-1795293524900601`, delayMs: 0 };
      await stage.add(sleeping);
      await stage.add(another);
      const hands = await stage.hands({ answer: () => ack });
      await stage.given(hands, 1);
      expect(hands.taken.map(({ delivery }) => [delivery.id, delivery.envelope])).toEqual([[another.id, '"the same"']]);
      if (stage.features.remove) expect(await stage.queue.remove(stage.lane, sleeping.id)).toBe("removed");
    },
  );

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

const copy = (job: Addition, name: string): Addition => ({ ...job, envelope: JSON.stringify(`${job.id} ${name}`) });

/** The envelopes a consumer is given: `count` of them, and none that follows within `ms` and a while. */
async function delivered(stage: QueueStage, count: number, ms = 0): Promise<readonly string[]> {
  const hands = await stage.hands({ answer: () => ack });
  await stage.given(hands, count);
  await stage.time.pass(ms);
  await stage.quiet();
  expect(hands.taken.length, "deliveries handed over").toBe(count);
  return hands.taken.map(({ delivery }) => delivery.envelope);
}

function needsIdempotence(stage: QueueStage): void {
  if (!stage.features.idempotentAdd) stage.skip("the queue declares no idempotentAdd");
}
