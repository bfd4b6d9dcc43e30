/** (e) What a user's own tests look like: no server, no waiting, and the real Semel. Also what docs/testing.md shows. */
import { defineJob, processor, RetryAfterError } from "@semel/core";
import { createTestKit, exercise, type TestKit } from "@semel/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";

const job = defineJob({
  type: "reembed",
  payload: z.object({ entityId: z.string(), revision: z.number() }),
  result: z.object({ tokens: z.number() }),
  tenant: "required",
  correlation: ["entityId", "revision"],
});
const charge = vi.fn(async (_entity: string, _key: string) => ({ tokens: 7 }));
const reembed = processor(job, ({ payload, once }) => once("embed", ({ key }) => charge(payload.entityId, key)));

let kit: TestKit;
beforeEach(() => {
  charge.mockReset().mockResolvedValue({ tokens: 7 });
  kit = createTestKit({ processors: [reembed] });
});
afterEach(() => kit.close());

const enqueue = () => kit.semel.forTenant("org-1").enqueue(job, { entityId: "e1", revision: 1 });

test("work that was asked for twice is done once, and its result is there for both", async () => {
  const first = await enqueue();
  expect(await enqueue()).toMatchObject({ outcome: "duplicate", id: first.id });
  expect(await kit.drain()).toMatchObject({ completed: 1 });

  const replayed = await enqueue();
  expect(replayed.outcome === "replayed" && replayed.value?.tokens).toBe(7);
  expect(await first.result()).toEqual({ tokens: 7 });
  expect(charge).toHaveBeenCalledTimes(1);
});

test("a hint of the provider is waited for", async () => {
  charge.mockRejectedValueOnce(new RetryAfterError("20s"));
  const { id } = await enqueue();
  expect(await kit.drain()).toMatchObject({ retried: 1 });
  expect(await kit.advance("19s")).toMatchObject({ completed: 0 });
  expect(await kit.advance("4s")).toMatchObject({ completed: 1 });
  expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", attempt: 2, result: { tokens: 7 } });
});

test("a crash between effect and record repeats the call under the same key", async () => {
  kit.crashAt("once:embed:after-effect");
  const { id } = await enqueue();
  expect(await kit.drain()).toMatchObject({ crashed: 1 });
  await kit.advance("40s");
  expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
  expect(charge).toHaveBeenCalledTimes(2);
  expect(charge.mock.calls[1]?.[1]).toBe(charge.mock.calls[0]?.[1]);
});

test("a crash after the record repeats nothing", async () => {
  kit.crashAt("once:embed:after-record");
  const { id } = await enqueue();
  await kit.drain();
  await kit.advance("40s");
  const replayed = await kit.waitForEvent("step.replayed", (event) => event.id === id);
  expect(replayed.step).toBe("embed");
  expect(charge).toHaveBeenCalledTimes(1);
});

test("no schedule of deaths repeats an effect whose provider honours the key", { timeout: 60_000 }, async () => {
  const charged = new Set<string>();
  charge.mockImplementation(async (_entity, key) => {
    charged.add(key);
    return { tokens: 7 };
  });
  const payload = { entityId: "e2", revision: 1 };
  const seeds = 50;
  const report = await exercise(reembed, { payload, tenant: "org-1", seeds, effects: () => charged.size });
  expect(report).toMatchObject({ seeds, completed: seeds, repeated: 0, problems: [] });
  expect(report.crashes).toBeGreaterThan(0);
});
