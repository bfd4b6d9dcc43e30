import { defineJob, processor } from "@semel/core";
import { createTestKit, VirtualClock } from "@semel/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { limited } from "../../src/limited/limited.ts";
import { Traffic } from "../../src/limited/traffic.ts";
import { ScriptedEmbedding } from "../scripted-embedding.ts";

function setUp() {
  const clock = new VirtualClock();
  const traffic = new Traffic({ clock, random: () => 0.5 });
  const inner = new ScriptedEmbedding();
  return { clock, traffic, inner, model: limited(inner, { traffic }) };
}

const embed = async (model: ScriptedEmbedding): Promise<string> =>
  model.embed({ texts: ["text"] }).then(
    () => "ok",
    (error) => `${error.code} ${error.failureClass} ${error.retryAfterMs ?? ""}`.trim(),
  );

describe("limited", () => {
  it("opens for all credentials of a model's versions after ten failures, and sends nothing", async () => {
    const { inner, model, traffic } = setUp();
    inner.before = () => inner.fail("MODEL_FAILED");
    for (let call = 0; call < 10; call++) await embed(model);
    expect(await embed(model)).toBe("MODEL_BREAKER_OPEN defer 30000");
    expect(inner.asked.length).toBe(10);
    const other = limited(new ScriptedEmbedding({ model: "scripted-embed:large", credential: "other" }), { traffic });
    expect(await embed(other)).toBe("MODEL_BREAKER_OPEN defer 30000");
    expect(traffic.models[0]?.breaker).toMatchObject({ status: "open", counts: { calls: 10, failures: 10 } });
  });

  it.each(["MODEL_RATE_LIMITED", "MODEL_REQUEST_REFUSED", "MODEL_CONTENT_BLOCKED", "MODEL_QUOTA_SPENT"] as const)(
    "is not opened by %s, and a trial that ends so closes it",
    async (code) => {
      const { inner, model, traffic, clock } = setUp();
      const closed = limited(inner, { traffic, gate: false, credential: "b" });
      inner.before = () => inner.fail("MODEL_FAILED");
      for (let call = 0; call < 10; call++) await embed(model);
      await clock.advance(30_000);
      inner.before = () => inner.fail(code);
      for (let trial = 0; trial < 3; trial++) {
        await embed(closed);
        traffic.guards(inner, "b", {}, false).parking.free();
      }
      expect(traffic.models[0]?.breaker?.status).toBe("closed");
      for (let call = 0; call < 20; call++) await embed(closed);
      expect(traffic.models[0]?.breaker?.status).toBe("closed");
    },
  );

  it("takes the busy answer of a local server for back-pressure, that of a remote one for trouble", async () => {
    const traffic = new Traffic({ clock: new VirtualClock(), random: () => 0.5 });
    const [local, remote] = ["127.0.0.1:11434", "api.example.com"].map((host) => new ScriptedEmbedding({ host }));
    for (const inner of [local, remote]) {
      if (!inner) continue;
      inner.before = () => inner.fail("MODEL_BUSY");
      const model = limited(inner, { traffic });
      for (let call = 0; call < 20; call++) await embed(model);
    }
    expect(traffic.models.map(({ breaker }) => breaker?.status)).toEqual(["closed", "open"]);
  });

  it("parks a credential without quota, tries now and then, and leaves the others alone", async () => {
    const { inner, model, traffic, clock } = setUp();
    inner.before = () => inner.fail("MODEL_QUOTA_SPENT");
    expect(await embed(model)).toBe("MODEL_QUOTA_SPENT defer");
    expect(await embed(model)).toBe("MODEL_QUOTA_SPENT defer 60000");
    const other = new ScriptedEmbedding({ credential: "other" });
    expect(await embed(limited(other, { traffic }))).toBe("ok");
    await clock.advance(60_000);
    await embed(model);
    expect(await embed(model)).toBe("MODEL_QUOTA_SPENT defer 120000");
    expect(inner.asked.length).toBe(2);
    inner.before = () => {};
    await clock.advance(120_000);
    expect(await embed(model)).toBe("ok");
    expect(traffic.models[0]?.parked).toBeUndefined();
  });

  it("rests until the provider's time, then opens slowly", async () => {
    const { inner, model, clock, traffic } = setUp();
    inner.before = () => inner.fail("MODEL_RATE_LIMITED", { retryAfterMs: 20_000 });
    await embed(model);
    expect(await embed(model)).toBe("MODEL_RATE_LIMITED defer 20025");
    expect(await embed(model)).toBe("MODEL_RATE_LIMITED defer 20050");
    await clock.advance(20_000);
    let answer = (): void => {};
    inner.before = () => new Promise<void>((resolve) => (answer = resolve));
    const first = embed(model);
    await clock.advance(0);
    expect(await embed(model)).toBe("MODEL_RATE_LIMITED defer 25");
    answer();
    expect(await first).toBe("ok");
    expect(traffic.models[0]?.gate).toMatchObject({ room: 2, inFlight: 0, until: undefined });
  });

  it("rests when the headers of an answer say that nothing is left", async () => {
    const { inner, model } = setUp();
    inner.before = (_, call) => call.onLimits?.({ requests: { limit: 100, remaining: 0, resetMs: 7_000 } });
    expect(await embed(model)).toBe("ok");
    expect(await embed(model)).toBe("MODEL_RATE_LIMITED defer 7025");
  });

  it("waits for a gate that has to ask a store", async () => {
    const { inner, traffic } = setUp();
    const gate = {
      enter: async () => ({ retryAfterMs: 5, reason: "the store says no" }),
      state: { until: undefined, inFlight: 0, room: undefined, refused: 0 },
    };
    expect(await embed(limited(inner, { traffic, gate, credential: "stored" }))).toBe("MODEL_RATE_LIMITED defer 5");
    expect(inner.asked).toEqual([]);
  });

  it("outlasts a storm of 429: no attempt is burned, no slot is held, other models flow, and all jobs complete", async () => {
    const job = (type: string) =>
      defineJob({ type, payload: z.object({ n: z.number() }), correlation: ["n"], retry: { maxAttempts: 1 } });
    const [stormy, calm] = [job("stormy"), job("calm")];
    const [limitedInner, calmInner] = [new ScriptedEmbedding(), new ScriptedEmbedding({ model: "calm-embed" })];
    const models: ScriptedEmbedding[] = [];
    const kit = createTestKit({
      concurrency: 5,
      processors: [stormy, calm].map((one, at) =>
        processor(one, async ({ signal }) => {
          await (models[at] as ScriptedEmbedding).embed({ texts: [one.type] }, { signal });
        }),
      ),
    });
    await using _ = kit;
    const traffic = new Traffic({ clock: kit.clock, random: () => 0.5 });
    models.push(limited(limitedInner, { traffic }), limited(calmInner, { traffic }));
    const startMs = kit.clock.monotonic();
    const isStormy = (): boolean => kit.clock.monotonic() - startMs < 60_000;
    limitedInner.before = () => isStormy() && limitedInner.fail("MODEL_RATE_LIMITED", { retryAfterMs: 20_000 });
    for (let n = 0; n < 50; n++) {
      await kit.semel.enqueue(stormy, { n });
      await kit.semel.enqueue(calm, { n });
    }
    const first = await kit.drain();
    expect(first).toMatchObject({ completed: 50, deferred: 50, dead: 0, retried: 0 });
    expect(limitedInner.asked.length).toBeLessThanOrEqual(5);
    let completed = 0;
    for (let minute = 0; minute < 10; minute++) {
      const tally = await kit.advance("60s");
      expect(tally).toMatchObject({ dead: 0, retried: 0 });
      completed += tally.completed;
    }
    expect(completed).toBe(50);
  });
});
