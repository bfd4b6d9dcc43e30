import type { Addition, StoreTransactions } from "@semel/core/adapter";
import { expect } from "vitest";
import { completed, dead, reserve, settle, stepBegin, stepDone } from "./operations.ts";
import type { Promised, StoreStage } from "./stage.ts";

export function transactions(promised: Promised): void {
  promised("what is applied in a transaction is there once it has committed", async (stage) => {
    const running = await stage.running();
    const answer = await offered(stage).run(async (open) => {
      const [settled] = await open.apply([settle(running, completed('"in one commit"'))]);
      return settled;
    });
    expect(answer).toMatchObject({ is: "settled", state: "completed" });
    expect(await stage.standing(running)).toMatchObject({ state: "completed" });
    expect(await stage.store.result(running.key)).toBe('"in one commit"');
  });

  promised("what is applied in one that is rolled back never was, and its failure comes through", async (stage) => {
    const running = await stage.running();
    const before = await stage.standing(running);
    const failure = new Error("no");
    for (const as of [completed(), dead()]) {
      const rolledBack = offered(stage).run(async (open) => {
        await open.apply([settle(running, as)]);
        throw failure;
      });
      await expect(rolledBack).rejects.toBe(failure);
    }
    expect(await stage.standing(running)).toEqual(before);
    expect(await stage.store.result(running.key)).toBeUndefined();
    expect(await stage.letters.get(running.job.id)).toBeUndefined();
    await stage.expect("settled", settle(running, completed()));
  });

  promised("a stale fence is refused in a transaction as anywhere", async (stage) => {
    const { stale, heir } = await stage.takenOver();
    const before = await stage.standing(heir);
    const answer = await offered(stage).run(async (open) => (await open.apply([settle(stale, completed())]))[0]);
    expect(answer).toEqual({ is: "lost", state: "running", fence: heir.fence });
    expect(await stage.standing(heir)).toEqual(before);
  });

  promised("what is applied later in a transaction sees what was applied before", async (stage) => {
    const running = await stage.running();
    const answers = await offered(stage).run(async (open) => {
      const begun = await open.apply([stepBegin(running, "charge"), stepDone(running, "charge", '"receipt"')]);
      return [...begun, ...(await open.apply([stepBegin(running, "charge")]))];
    });
    expect(answers.map(({ is }) => is)).toEqual(["run", "recorded", "memo"]);
  });

  promised("within a transaction that is open already, what fails is undone, and only that", async (stage) => {
    const store = offered(stage);
    const [kept, undone, after] = [stage.job(), stage.job(), stage.job()];
    await store.run(async ({ handle }) => {
      await store.join(handle, async (open) => open.apply([reserve(kept)]));
      const failing = store.join(handle, async (open) => {
        await open.apply([reserve(undone)]);
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      await store.join(handle, async (open) => open.apply([reserve(after)]));
    });
    expect(await stage.store.read([kept.key, undone.key, after.key])).toMatchObject([{ id: kept.id }, undefined, {}]);
  });

  promised("those who join one client at once take turns", async (stage) => {
    const store = offered(stage);
    const jobs = Array.from({ length: 5 }, () => stage.job());
    await store.run(async ({ handle }) => {
      const joined = jobs.map((job, index) =>
        store.join(handle, async (open) => {
          await open.apply([reserve(job)]);
          if (index % 2 === 1) throw new Error("no");
        }),
      );
      await Promise.allSettled(joined);
    });
    const records = await stage.store.read(jobs.map(({ key }) => key));
    expect(records.map((record) => record !== undefined)).toEqual([true, false, true, false, true]);
  });

  promised("an addition is due once it is committed, for one at a time, until it is sent", async (stage) => {
    const store = offered(stage);
    const addition = await posted(stage);
    expect(await store.due(10, 60_000)).toEqual([addition]);
    expect(await store.due(10, 60_000), "taken").toEqual([]);
    expect(await store.isPosted(addition.id), "taken, and not known to be in the queue").toBe(true);
    await store.sent([addition.id]);
    expect(await store.isPosted(addition.id)).toBe(false);
    await store.sent([addition.id]);

    const again = await posted(stage);
    expect(await store.due(10, stage.time.shortMs)).toEqual([again]);
    await stage.endOfLease();
    expect(await store.due(10, stage.time.shortMs), "whoever took it has not said that it was sent").toEqual([again]);
  });

  promised("an addition that is rolled back is never due", async (stage) => {
    const store = offered(stage);
    const job = stage.job();
    const rolledBack = store.run(async (open) => {
      await open.apply([reserve(job)]);
      await open.post([additionOf(job)]);
      throw new Error("no");
    });
    await expect(rolledBack).rejects.toThrow("no");
    expect(await store.due(10, 1_000)).toEqual([]);
  });

  promised(
    "no more additions are due than were asked for, and a delay counts from when it was posted",
    async (stage) => {
      const store = offered(stage);
      for (let n = 0; n < 3; n++) await posted(stage, { delayMs: 60_000 });
      await stage.time.pass(20);
      const due = await store.due(2, 60_000);
      expect(due).toHaveLength(2);
      for (const { delayMs } of due) {
        expect(delayMs).toBeLessThanOrEqual(59_980);
        expect(delayMs).toBeGreaterThan(30_000);
      }
      expect(await store.due(2, 60_000)).toHaveLength(1);
    },
  );

  promised("an addition goes with its record when that is erased", async (stage) => {
    const addition = await posted(stage);
    await stage.store.forget({ key: addition.id.slice(0, 32) });
    expect(await offered(stage).due(10, 1_000)).toEqual([]);
  });
}

/** What the store offers; where it offers none, there is nothing to promise. */
function offered(stage: StoreStage): StoreTransactions {
  return stage.store.transactions ?? stage.skip("the store has no transactions");
}

const additionOf = (job: { readonly id: string; readonly lane: string; readonly type: string }): Addition => {
  const { id, lane, type } = job;
  return { id, lane, type, envelope: '{"text":"nul \\u0000, lone \ud800, ü 👩‍👩‍👧"}', delayMs: 0 };
};

async function posted(stage: StoreStage, over: Partial<Addition> = {}): Promise<Addition> {
  const job = stage.job();
  const addition = { ...additionOf(job), ...over };
  await offered(stage).run(async (open) => {
    await open.apply([reserve(job)]);
    await open.post([addition]);
  });
  return addition;
}
