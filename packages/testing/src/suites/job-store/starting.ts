import { expect } from "vitest";
import type { Promised } from "./stage.ts";

export function starting(promised: Promised): void {
  promised("declares the features the suite was told", async ({ store, features }) => {
    expect(store.features).toEqual(features);
  });

  promised("tells the time of its own clock, which goes forward", async (stage) => {
    const { now } = await stage.start();
    await stage.time.pass(stage.time.shortMs);
    const later = await stage.start();
    expect(later.now - now).toBeGreaterThanOrEqual(stage.time.shortMs - 5);
    expect(Math.abs(now - stage.time.clock.now()), "off the suite's clock").toBeLessThan(60_000);
  });

  promised("starting twice keeps what is there", async (stage) => {
    const job = await stage.reserved();
    await stage.start();
    expect(await stage.record(job)).toMatchObject({ id: job.id, state: "pending" });
  });

  promised("two views may start at the same time", async (stage) => {
    const views = await Promise.all([stage.another(), stage.another(), stage.another()]);
    const job = await stage.reserved();
    for (const { store } of views) expect(await store.read([job.key])).toMatchObject([{ id: job.id }]);
  });

  promised("disposing twice is harmless", async ({ store }) => {
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
}
