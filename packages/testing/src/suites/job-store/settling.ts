import { expect } from "vitest";
import { cancelled, claim, completed, dead, letter, renew, reserve, retrying, settle } from "./operations.ts";
import type { Promised } from "./stage.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function settling(promised: Promised): void {
  promised(
    "completed work has its result and envelope on record, and no lease, error or progress any more",
    async (stage) => {
      const first = await stage.settled(retrying({ error: { code: "FLAKY", message: "once" } }));
      const running = await stage.claimed(first.job);
      await stage.expect("held", renew(running, { progress: { fraction: 0.5 } }));
      const { state, now } = await stage.expect(
        "settled",
        settle(running, completed('{"n":1}', { envelope: '{"to":"ada"}' })),
      );
      expect(state).toBe("completed");
      const record = await stage.standing(running);
      expect(record).toMatchObject({ state: "completed", finishedAt: now, result: { kind: "stored" }, failures: 1 });
      expect([record.leaseUntil, record.error, record.progress]).toEqual([undefined, undefined, undefined]);
      expect(await stage.store.result(running.key)).toBe('{"n":1}');
      expect(await stage.store.envelope(running.key)).toBe('{"to":"ada"}');
    },
  );

  promised("an omitted result leaves none, and its reason", async (stage) => {
    const kind = { kind: "omitted", why: "17 MB" } as const;
    const running = await stage.settled(completed(undefined, { kind, result: undefined }));
    expect(await stage.store.result(running.key)).toBeUndefined();
    expect(await stage.store.envelope(running.key)).toBeUndefined();
    expect((await stage.standing(running)).result).toEqual(kind);
  });

  promised("a retry waits its delay and counts what it says", async (stage) => {
    const running = await stage.running();
    const { state, now } = await stage.expect("settled", settle(running, retrying({ delayMs: 5_000 })));
    expect(state).toBe("retrying");
    const record = await stage.standing(running);
    expect(record).toMatchObject({
      state: "retrying",
      notBefore: now + 5_000,
      failures: 1,
      deferrals: 0,
      fence: running.fence,
    });
    expect(record.leaseUntil).toBeUndefined();
  });

  promised("a deferral counts itself, a release nothing", async (stage) => {
    const deferred = await stage.settled(retrying({ counts: "deferral" }));
    const released = await stage.settled(retrying({ counts: "nothing" }));
    expect(await stage.standing(deferred)).toMatchObject({ state: "retrying", failures: 0, deferrals: 1 });
    expect(await stage.standing(released)).toMatchObject({ state: "retrying", failures: 0, deferrals: 0 });
  });

  promised(
    "who waits for children counts nothing, and says how far they are until it does something else",
    async (stage) => {
      const failed = await stage.settled(retrying({ error: { code: "FLAKY", message: "once" } }));
      const history = (await stage.standing(failed)).history;
      const waiting = { total: 1_000, ended: 12, failed: 1 };
      for (const ended of [12, 13]) {
        const looking = await stage.claimed(failed.job);
        const settled = await stage.expect(
          "settled",
          settle(looking, retrying({ counts: "nothing", waiting: { ...waiting, ended } })),
        );
        expect(settled.state).toBe("retrying");
      }
      const record = await stage.standing(failed);
      expect(record).toMatchObject({
        state: "retrying",
        failures: 1,
        deferrals: 0,
        waiting: { ...waiting, ended: 13 },
      });
      // Hundreds of looks must not push out what went wrong.
      expect(record.history).toEqual(history);
      await stage.expect("settled", settle(await stage.claimed(failed.job), retrying()));
      expect((await stage.standing(failed)).waiting).toBeUndefined();
    },
  );

  promised("a job that has ended waits for no children any more", async (stage) => {
    const waiting = { total: 2, ended: 1, failed: 0 };
    for (const end of [completed(), dead(), cancelled()]) {
      const parent = await stage.settled(retrying({ counts: "nothing", waiting }));
      await stage.expect("settled", settle(await stage.claimed(parent.job), end));
      expect((await stage.standing(parent)).waiting).toBeUndefined();
    }
  });

  promised("dead work and its letter are written together", async (stage) => {
    const running = await stage.running();
    const { state, now } = await stage.expect("settled", settle(running, dead()));
    expect(state).toBe("dead");
    expect(await stage.standing(running)).toMatchObject({ state: "dead", finishedAt: now, everDead: true });
    expect(await stage.letters.get(running.job.id)).toMatchObject({
      id: running.job.id,
      key: running.key,
      diedAt: now,
    });
  });

  promised("a processor may cancel its job", async (stage) => {
    const running = await stage.running();
    const { state, now } = await stage.expect("settled", settle(running, cancelled()));
    expect(state).toBe("cancelled");
    expect(await stage.standing(running)).toMatchObject({ state: "cancelled", finishedAt: now });
  });

  promised("who ends late finds the result of another on record, and drops its own", async (stage) => {
    const { stale, heir } = await stage.takenOver();
    await stage.expect("settled", settle(heir, completed('"of the heir"')));
    expect(await stage.apply(settle(stale, completed('"of the stale"')))).toEqual({
      is: "already",
      state: "completed",
    });
    expect(await stage.store.result(heir.key)).toBe('"of the heir"');
  });

  promised(
    "ended work is remembered as long as asked, an hour past its deadline, and a day past its letter",
    async (stage) => {
      const kept = async (settlement: Parameters<typeof settle>[1]) => {
        const { expiresAt, finishedAt = 0, deadlineAt } = await stage.standing(await stage.settled(settlement));
        return { forMs: expiresAt - finishedAt, pastDeadline: expiresAt - deadlineAt };
      };
      expect(await kept(completed(undefined, { keepMs: 5 * dayMs }))).toMatchObject({ forMs: 5 * dayMs });
      expect(await kept(completed(undefined, { keepMs: 1 }))).toMatchObject({ pastDeadline: hourMs });
      expect(await kept(cancelled({ keepMs: 1 }))).toMatchObject({ pastDeadline: hourMs });
      expect(await kept(dead({ keepMs: 1, letter: letter({ keepMs: 3 * dayMs }) }))).toMatchObject({
        forMs: 4 * dayMs,
      });
      expect(await kept(dead({ keepMs: 9 * dayMs, letter: letter({ keepMs: 3 * dayMs }) }))).toMatchObject({
        forMs: 9 * dayMs,
      });
    },
  );

  promised(
    "completed work answers for its window; a late delivery of it finds it ended all the same",
    async (stage) => {
      const { job } = await stage.settled(completed(undefined, { keepMs: hourMs }));
      const again = { ...job, id: `${job.key}.again` };
      await stage.leap(hourMs / 2);
      await stage.expect("replayed", reserve(again));
      await stage.leap(hourMs);
      await stage.expect("finished", claim(job, "w:late"));
      await stage.expect("created", reserve(again));
      expect(await stage.standing(job)).toMatchObject({ id: again.id, generation: 1 });
      await stage.expect("superseded", claim(job, "w:later"));
    },
  );

  promised("work that waits for its retry is not forgotten before it", async (stage) => {
    const record = await stage.standing(await stage.settled(retrying({ delayMs: 40 * dayMs })));
    expect(record.expiresAt).toBeGreaterThan(record.notBefore);
  });
}
