import { processor, type QueueUnavailableError, SemelError } from "@semel/core";
import { waitFor } from "@semel/testing";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { effect, steady } from "./support/effect-job.ts";
import { load } from "./support/load.ts";
import { admin, freshPlace, privateServer, stage } from "./support/stage.ts";

/* Redis is there, and will not: its memory is full, it is a replica, it is busy, somebody has emptied it. */

/** What an enqueue that cannot succeed says, and after how long. */
async function refusal(enqueue: Promise<unknown>): Promise<{ error: QueueUnavailableError; ms: number }> {
  const since = performance.now();
  const error = await enqueue.then(
    () => new Error("it was enqueued"),
    (thrown: unknown) => thrown,
  );
  if (!SemelError.isInstance(error) || error.code !== "QUEUE_UNAVAILABLE") throw error;
  return { error: error as QueueUnavailableError, ms: performance.now() - since };
}

const faults: readonly {
  readonly what: string;
  readonly begin: (operator: Redis) => Promise<unknown>;
  readonly end: (operator: Redis) => Promise<unknown>;
}[] = [
  {
    what: "its memory is full",
    begin: (operator) => operator.config("SET", "maxmemory", "1mb"),
    end: (operator) => operator.config("SET", "maxmemory", "0"),
  },
  {
    what: "it has become a replica",
    begin: (operator) => operator.replicaof("127.0.0.1", 1),
    end: (operator) => operator.replicaof("NO", "ONE"),
  },
];

test.each(faults)(
  "$what: it is said, and afterwards everything goes on, nothing lost and nothing counted",
  async ({ begin, end }) => {
    const server = await privateServer();
    const place = freshPlace(server.url);
    const running = load(place, steady);
    const operator = admin(server.url);
    await running.progress(50);
    await begin(operator);
    const { error, ms } = await refusal(running.app.semel.enqueue(effect, { n: -1 }));
    expect(ms).toBeLessThan(1_000);
    expect(error.isRetryable).toBe(true);
    // Long enough for everything that a worker does by itself: renewals, looks, waiting for jobs.
    const until = performance.now() + 3_000;
    const isEnough = () => performance.now() > until && running.failures() > 50;
    await waitFor(isEnough, { what: "fifty refusals in 3 s", deadlineMs: 10_000 });
    await end(operator);
    const since = performance.now();
    await running.progress(1, 10_000);
    const first = performance.now() - since;
    const { figures, broken, burnt } = await running.settled();
    console.info(
      `refused as ${error.outcome} in ${Math.round(ms)} ms; a job ended ${Math.round(first)} ms after; ${figures}`,
    );
    expect(broken).toEqual([]);
    expect(burnt).toBe(0);
    expect(first).toBeLessThan(5_000);
  },
);

test("it pauses all clients for 6 s: an enqueue is unknown after its deadline, and sent again it is there once", async () => {
  const server = await privateServer();
  const place = freshPlace(server.url);
  const { semel } = stage(place);
  const operator = admin(server.url);
  await semel.enqueue(effect, { n: 1 });
  await operator.call("client", "pause", "6000", "all");
  const { error, ms } = await refusal(semel.enqueue(effect, { n: 2 }));
  expect(error.outcome).toBe("unknown");
  expect(ms).toBeGreaterThan(4_900);
  expect(ms).toBeLessThan(6_000);
  const again = await semel.enqueue(effect, { n: 2 }, { id: error.id });
  expect(["created", "duplicate"]).toContain(again.outcome);
  expect(again.id).toContain(error.id);
  expect(await semel.counts()).toMatchObject([{ pending: 2 }]);
});

test("somebody empties it in the midst: nothing goes round in circles, and later jobs are done", async () => {
  const server = await privateServer();
  const running = load(freshPlace(server.url), steady);
  const operator = admin(server.url);
  await running.progress(50);
  await operator.flushdb();
  const flushedAt = Date.now();
  await running.progress(100);
  const { figures, broken } = await running.settled();
  console.info(`emptied: ${figures}`);
  // What was there is gone, which is the operator's doing; nothing is done twice.
  expect(broken.filter((text) => !/confirmed, | 0 times$/.test(text))).toEqual([]);
  const after = running.server.events.filter(({ at }) => at > flushedAt);
  const gone = new Set([...running.confirmed.values()]);
  for (const event of after) if (event.name === "attempt.completed") gone.delete(event.id);
  expect(after.filter(({ name }) => name === "attempt.lost").length).toBeLessThanOrEqual(10);
  expect(after.filter(({ name }) => name === "attempt.dead")).toEqual([]);
  const { id, result } = await running.app.semel.enqueue(steady, { n: -1 });
  expect(await result({ timeout: "20s" })).toMatchObject({ n: -1 });
  expect(await running.app.semel.status(id)).toMatchObject({ state: "completed" });
});

test("it is not there at the start: a worker waits for it, and an enqueue says so at once", async () => {
  const server = await privateServer();
  await server.kill();
  const { semel, named } = stage(freshPlace(server.url));
  const worker = semel.worker({ processors: [processor(effect, async ({ payload: { n } }) => ({ n, by: "late" }))] });
  const { error, ms } = await refusal(semel.enqueue(effect, { n: 1 }));
  expect(error.isRetryable).toBe(true);
  expect(ms).toBeLessThan(6_000);
  expect(named("worker.problem")[0]).toMatchObject({ during: "start", error: { code: "STORE_UNAVAILABLE" } });
  expect(worker.isReady).toBe(false);
  await server.restart();
  const since = performance.now();
  await waitFor(() => worker.isReady, { what: "the worker", deadlineMs: 10_000 });
  console.info(`a worker was ready ${Math.round(performance.now() - since)} ms after Redis first came`);
  expect(await (await semel.enqueue(effect, { n: 1 })).result({ timeout: "20s" })).toMatchObject({ by: "late" });
});
