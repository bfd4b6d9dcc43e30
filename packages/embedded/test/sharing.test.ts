import { expect, test } from "vitest";
import { embedded } from "../src/index.ts";
import { host, job, prepared, start } from "./support/stage.ts";

test("queue and store work at the same time on one session, also while another queue migrates", {
  timeout: 60_000,
}, async () => {
  const { queue, store } = await start(await prepared());
  const jobs = 100;
  const seen = new Set<string>();
  await queue.consume("mail.send", { concurrency: 10, holdMs: 10_000 }, async ({ id }) => {
    await store.beat({ id, where: "", types: [], busy: 0, concurrency: 1, startedAt: 0, seenAt: 0 }, 60_000);
    seen.add(id);
    return { do: "ack" };
  });
  await Promise.all(Array.from({ length: jobs }, (_, index) => queue.add([job(String(index))])));
  await expect.poll(() => seen.size, { timeout: 30_000 }).toBe(jobs);
  expect(await store.workers()).toHaveLength(jobs);
});

test("a second backend may start while the first is at work", { timeout: 60_000 }, async () => {
  const path = await prepared();
  const { store } = await start(path);
  const writes = Array.from({ length: 50 }, (_, index) =>
    store.beat({ id: `${index}`, where: "", types: [], busy: 0, concurrency: 1, startedAt: 0, seenAt: 0 }, 60_000),
  );
  const second = embedded(path);
  await Promise.all([...writes, second.queue.start(host), second.store.start(host)]);
  expect(await second.store.workers()).toHaveLength(50);
  await second.queue[Symbol.asyncDispose]();
  await second.store[Symbol.asyncDispose]();
});
