import { expect } from "vitest";
import { expectFields } from "./fields.ts";
import { cancelled, claim, completed, dead, redrive, reserve, retrying, settle } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function claiming(promised: Promised): void {
  promised("a pending job is acquired, and the answer says all that its worker needs", async (stage) => {
    const job = stage.job({ deadlineMs: 60_000 });
    const { createdAt } = await stage.expect("created", reserve(job));
    const { acquired, owner, fence } = await stage.claimed(job, { leaseMs: 30_000 });
    expectFields(acquired, {
      ...{ generation: 0, attempt: 1, crashes: 0, deferrals: 0, redrives: 0, recovered: false, createdAt },
      ...{ deadlineAt: createdAt + 60_000, doomed: undefined },
    });
    expect(fence).toBeGreaterThan(0);
    const record = await stage.standing(job);
    expect(record).toMatchObject({
      state: "running",
      owner,
      fence,
      startedAt: acquired.now,
      leaseUntil: acquired.now + 30_000,
    });
  });

  promised("a job nobody reserved begins with its claim", async (stage) => {
    const job = stage.job({ tenant: "acme", version: 2 });
    const { acquired } = await stage.claimed(job);
    expect(acquired).toMatchObject({ attempt: 1, generation: 0, recovered: false, createdAt: acquired.now });
    expect(await stage.standing(job)).toMatchObject({
      state: "running",
      id: job.id,
      tenant: "acme",
      version: 2,
      lane: job.lane,
    });
  });

  promised("a delivery that comes before its time is told how long to wait", async (stage) => {
    const delayMs = 4 * stage.time.shortMs;
    const job = await stage.reserved({ delayMs });
    const early = await stage.expect("not-yet", claim(job, "a"));
    expect(early.retryAfterMs).toBeGreaterThan(0);
    expect(early.retryAfterMs).toBeLessThanOrEqual(delayMs);
    expectFields(await stage.standing(job), { state: "pending", owner: undefined });
    await stage.time.pass(delayMs + 5);
    await stage.claimed(job);
  });

  promised("a second delivery cannot jump the delay of a retry", async (stage) => {
    const { job } = await stage.settled(retrying({ delayMs: 60_000 }));
    const { retryAfterMs } = await stage.expect("not-yet", claim(job, "a"));
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  promised("the attempt is the failures so far and one; deferrals and releases are none", async (stage) => {
    const job = await stage.reserved();
    const seen = [];
    for (const counts of ["attempt", "deferral", "nothing", "attempt"] as const) {
      const running = await stage.claimed(job);
      seen.push([running.acquired.attempt, running.acquired.deferrals]);
      await stage.expect("settled", settle(running, retrying({ counts })));
    }
    const { acquired } = await stage.claimed(job);
    expect([...seen, [acquired.attempt, acquired.deferrals]]).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  for (const settlement of [completed(), dead(), cancelled()]) {
    promised(`work that is ${settlement.state} is finished for every delivery of it`, async (stage) => {
      const { job } = await stage.settled(settlement);
      const before = await stage.standing(job);
      expectFields(await stage.apply(claim(job, "a")), {
        is: "finished",
        state: settlement.state,
        followUps: undefined,
      });
      expect(await stage.standing(job)).toEqual(before);
    });
  }

  promised("a delivery of a job that no longer stands for its key is superseded", async (stage) => {
    const { job } = await stage.settled(dead());
    await stage.expect("redriven", redrive(job, "again"));
    const before = await stage.standing(job);
    expect(await stage.apply(claim(job, "a"))).toMatchObject({ is: "superseded", by: `${job.key}.again` });
    expect(await stage.standing(job)).toEqual(before);
    await stage.claimed({ ...job, id: `${job.key}.again` });
  });

  promised("a delivery with another payload of the same version is doomed by the conflict", async (stage) => {
    const job = await stage.reserved();
    const { acquired } = await stage.claimed({ ...job, fingerprint: "f2.xyz" });
    expect(acquired.doomed).toBe("CONFLICT");
  });

  promised("a payload of another version, or one that cannot be read, is not compared", async (stage) => {
    for (const over of [{ fingerprint: "f2.xyz", version: 2 }, { fingerprint: undefined }]) {
      const { acquired } = await stage.claimed({ ...(await stage.reserved()), ...over });
      expect(acquired.doomed).toBeUndefined();
    }
  });

  promised("a job past its deadline is doomed, counted from when it might first start", async (stage) => {
    const { shortMs } = stage.time;
    const late = await stage.reserved({ deadlineMs: shortMs });
    const later = await stage.reserved({ delayMs: shortMs, deadlineMs: 60_000 });
    await stage.time.pass(2 * shortMs);
    expect((await stage.claimed(late)).acquired.doomed).toBe("DEADLINE");
    expect((await stage.claimed(later)).acquired.doomed).toBeUndefined();
  });

  promised("a job whose workers died more often than allowed is doomed", async (stage) => {
    const job = await stage.reserved();
    const seen = [];
    for (let worker = 0; worker < 3; worker++) {
      const { acquired } = await stage.claimed(job, { leaseMs: stage.time.shortMs, maxCrashes: 1 });
      seen.push([acquired.crashes, acquired.doomed]);
      await stage.endOfLease();
    }
    expect(seen).toEqual([
      [0, undefined],
      [1, undefined],
      [2, "CRASH_LOOP"],
    ]);
  });
}
