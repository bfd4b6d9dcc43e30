import { expect } from "vitest";
import { claim, completed, renew, settle } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function leases(promised: Promised): void {
  promised("while a lease is valid, every other owner is told to come back after it", async (stage) => {
    const leaseMs = 60_000;
    const { job, owner, fence } = await stage.running({}, { leaseMs });
    const { retryAfterMs } = await stage.expect("busy", claim(job, "other"));
    expect(retryAfterMs).toBeGreaterThan(leaseMs - 30_000);
    // A tenth more at most, so that many deliveries do not come back at the same moment.
    expect(retryAfterMs).toBeLessThanOrEqual(leaseMs * 1.1 + 1);
    expect(await stage.standing(job)).toMatchObject({ state: "running", owner, fence, crashes: 0 });
  });

  promised("of 50 that claim one job at a time, one acquires it", async (stage) => {
    const views = await Promise.all([stage.another(), stage.another(), stage.another()]);
    const job = await stage.reserved();
    const claims = Array.from({ length: 50 }, (_, index) =>
      views[index % 3]?.store.apply([claim(job, `owner-${index}`)]),
    );
    const answers = (await Promise.all(claims)).map((answer) => answer?.[0].is);
    expect(answers.filter((is) => is === "acquired")).toHaveLength(1);
    expect(answers.filter((is) => is === "busy")).toHaveLength(49);
  });

  promised("of 50 that claim a job nobody reserved, one acquires it", async (stage) => {
    const views = await Promise.all([stage.another(), stage.another(), stage.another()]);
    const job = stage.job();
    const claims = Array.from({ length: 50 }, (_, index) =>
      views[index % 3]?.store.apply([claim(job, `owner-${index}`)]),
    );
    const answers = (await Promise.all(claims)).map((answer) => answer?.[0].is);
    expect(answers.filter((is) => is === "acquired")).toHaveLength(1);
  });

  promised("a lease that is over may be taken, and the crash is counted", async (stage) => {
    const { heir } = await stage.takenOver();
    expect(heir.acquired).toMatchObject({ recovered: true, crashes: 1, attempt: 1 });
    expect(await stage.standing(heir)).toMatchObject({ state: "running", owner: heir.owner, crashes: 1, failures: 0 });
  });

  promised("a renewed lease ends later", async (stage) => {
    const running = await stage.running({}, { leaseMs: stage.time.shortMs });
    const { now } = await stage.expect("held", renew(running, { leaseMs: 60_000 }));
    expect((await stage.standing(running)).leaseUntil).toBe(now + 60_000);
    await stage.endOfLease();
    await stage.expect("busy", claim(running.job, "other"));
  });

  promised("a lease that is over but not taken can still be renewed", async (stage) => {
    const running = await stage.running({}, { leaseMs: stage.time.shortMs });
    await stage.endOfLease();
    await stage.expect("held", renew(running, { leaseMs: 60_000 }));
    await stage.expect("busy", claim(running.job, "other"));
  });

  promised("work that ends after its lease, with nobody in its place, counts", async (stage) => {
    const running = await stage.running({}, { leaseMs: stage.time.shortMs });
    await stage.endOfLease();
    await stage.expect("settled", settle(running, completed()));
    expect(await stage.standing(running)).toMatchObject({ state: "completed", crashes: 0 });
  });

  promised("the progress sent with a renewal is on the record until the next", async (stage) => {
    const running = await stage.running();
    await stage.expect("held", renew(running, { progress: { fraction: 0.25, note: "half of a half ½" } }));
    await stage.expect("held", renew(running));
    expect((await stage.standing(running)).progress).toEqual({ fraction: 0.25, note: "half of a half ½" });
    await stage.expect("held", renew(running, { progress: { fraction: 0.5 } }));
    expect((await stage.standing(running)).progress).toMatchObject({ fraction: 0.5 });
  });
}
