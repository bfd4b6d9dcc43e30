import { expect } from "vitest";
import { cancel, claim, completed, dead, letter, reserve, settle } from "./operations.ts";
import type { Promised } from "./stage.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function expiry(promised: Promised): void {
  promised("ended work answers until its time is over, and then counts as absent", async (stage) => {
    const { job } = await stage.settled(completed('"done"', { keepMs: 2 * dayMs, envelope: "{}" }));
    const later = { ...job, id: `${job.key}.later` };
    await stage.leap(2 * dayMs - 60_000);
    await stage.expect("replayed", reserve(later));
    await stage.leap(120_000);
    expect(await stage.record(job)).toBeUndefined();
    expect([await stage.store.result(job.key), await stage.store.envelope(job.key)]).toEqual([undefined, undefined]);
    expect(await stage.apply(cancel(job))).toEqual({ is: "unknown" });
    await stage.expect("created", reserve(later));
    expect(await stage.standing(job)).toMatchObject({ id: later.id, generation: 0, duplicates: 0 });
  });

  promised("a record is kept as long as the store is told, or as long as the store says it can", async (stage) => {
    const keepMs = stage.features.retentionMs ?? 400 * dayMs;
    const { job } = await stage.settled(completed('"done"', { keepMs }));
    await stage.leap(keepMs - 60_000);
    expect(await stage.standing(job)).toMatchObject({ state: "completed" });
  });

  promised("a delivery that comes after its record expired begins anew", async (stage) => {
    const { job } = await stage.settled(completed(undefined, { keepMs: hourMs }));
    await stage.leap(2 * dayMs);
    const { acquired } = await stage.claimed(job);
    expect(acquired).toMatchObject({ attempt: 1, recovered: false });
    expect(await stage.store.result(job.key), "the old result").toBeUndefined();
  });

  promised("work that has not ended outlives its deadline by days", async (stage) => {
    const job = await stage.reserved({ deadlineMs: hourMs });
    const running = await stage.running({ deadlineMs: hourMs });
    await stage.leap(3 * dayMs);
    expect(await stage.apply(claim(job, "late"))).toMatchObject({ is: "acquired", doomed: "DEADLINE" });
    await stage.expect("settled", settle(running, completed()));
  });

  promised("dead work outlives its letter", async (stage) => {
    const { job } = await stage.settled(dead({ keepMs: 1, letter: letter({ keepMs: dayMs }) }));
    await stage.leap(dayMs + hourMs);
    expect(await stage.letters.get(job.id)).toBeUndefined();
    expect(await stage.standing(job)).toMatchObject({ state: "dead" });
  });

  promised("work that was dead once and completed later outlives its old letter too", async (stage) => {
    const { job } = await stage.settled(dead({ letter: letter({ keepMs: 14 * dayMs }) }));
    const again = { ...job, id: `${job.key}.again` };
    await stage.expect("created", reserve(again));
    await stage.expect("settled", settle(await stage.claimed(again), completed(undefined, { keepMs: hourMs })));
    const { expiresAt, finishedAt = 0 } = await stage.standing(job);
    expect(expiresAt - finishedAt).toBeGreaterThan(hourMs);
  });

  promised("sweeping removes what expired, a limited number at a time, and nothing else", async (stage) => {
    const keepMs = hourMs;
    const gone = [];
    for (let job = 0; job < 5; job++) gone.push(await stage.settled(completed(undefined, { keepMs })));
    const mourned = await stage.settled(dead({ letter: letter({ keepMs: 1.5 * dayMs }) }));
    const kept = await stage.reserved();
    await stage.leap(2 * dayMs);
    // At most two records and two letters a time; 0 where the store sweeps by itself.
    for (let time = 0; time < 4; time++) expect(await stage.store.sweep(2)).toBeLessThanOrEqual(4);
    expect(await stage.store.sweep(100), "nothing is left to sweep").toBe(0);
    expect(await stage.store.read(gone.map(({ key }) => key))).toEqual(gone.map(() => undefined));
    expect(await stage.store.read([mourned.key, kept.key])).toMatchObject([{ state: "dead" }, { state: "pending" }]);
    expect(await stage.letters.list({}, { limit: 10 })).toEqual([]);
  });

  promised("sweeping what has not expired removes nothing", async (stage) => {
    const running = await stage.settled(dead());
    expect(await stage.store.sweep(100)).toBe(0);
    expect(await stage.standing(running)).toMatchObject({ state: "dead" });
    expect(await stage.letters.get(running.job.id)).toBeDefined();
  });
}
