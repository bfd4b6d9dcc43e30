import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { child } from "./support/child.ts";
import { dispose, job, prepared, rounds, start } from "./support/stage.ts";

test("what was confirmed before kill -9 is there afterwards", { timeout: rounds(90_000) }, async () => {
  const path = await prepared();
  const kills = rounds(4);
  const confirmed: string[] = [];
  for (let round = 1; round <= kills; round++) {
    const writer = child("write", path, String(round));
    const enough = 20 + Math.floor(Math.random() * 40);
    await writer.line((line) => line === `confirmed ${round}-${enough}`);
    // Not at a round number of writes: in the middle of one.
    await delay(Math.random() * 5);
    await writer.kill();
    const lines = writer.lines.filter((line) => line.startsWith("confirmed "));
    confirmed.push(...lines.map((line) => line.slice("confirmed ".length)));
  }
  const { queue, store } = await start(path);
  const found = await Promise.all(confirmed.map((name) => queue.has("mail.send", job(name).id)));
  const beats = new Set((await store.workers()).map(({ id }) => id));
  console.info(`${confirmed.length} confirmed in ${kills} rounds, ${found.filter(Boolean).length} found`);
  expect(confirmed.filter((_, index) => !found[index])).toEqual([]);
  expect(confirmed.filter((name) => !beats.has(name))).toEqual([]);
});

test("a job in the hands of a killed process is delivered again to the next", { timeout: 60_000 }, async () => {
  const path = await prepared();
  const holdMs = 1_000;
  const first = await start(path);
  await first.queue.add([job("1")]);
  await dispose(first);
  const killed = child("take", path, String(holdMs));
  await killed.line((line) => line === `took ${job("1").id}`);
  const takenAt = Date.now();
  await killed.kill();
  const { queue } = await start(path);
  const delivered = await new Promise<string>((resolve) => {
    void queue.consume("mail.send", { concurrency: 1, holdMs }, async (delivery) => {
      resolve(delivery.envelope);
      return { do: "ack" };
    });
  });
  expect(delivered).toBe(job("1").envelope);
  expect(Date.now() - takenAt).toBeGreaterThanOrEqual(holdMs - 50);
});

test("a process that has used a Semel and disposed of it ends by itself", { timeout: 120_000 }, async () => {
  const used = child("use", await prepared());
  expect(await used.ended).toBe(0);
  expect(used.lines).toEqual(["done: a result"]);
});

test("a process that disposed of everything ends by itself, and nothing was reported", {
  timeout: 60_000,
}, async () => {
  const whole = child("whole-life", await prepared());
  expect(await whole.ended).toBe(0);
  expect(whole.lines).toEqual(["disposed"]);
});
