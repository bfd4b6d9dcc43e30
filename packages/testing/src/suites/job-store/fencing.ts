import type { Operation } from "@semel/core/adapter";
import { expect } from "vitest";
import {
  cancelled,
  completed,
  dead,
  type Held,
  redrive,
  renew,
  reserve,
  retrying,
  settle,
  stepBegin,
} from "./operations.ts";
import type { Promised, Running } from "./stage.ts";

/** Every write of an attempt that is judged by its lease. */
const writes: Readonly<Record<string, (by: Held) => Operation>> = {
  "a renewal": (by) => renew(by, { progress: { fraction: 0.9 } }),
  "a completion": (by) => settle(by, completed('"stale"')),
  "a retry": (by) => settle(by, retrying({ error: { code: "STALE", message: "" } })),
  "a deferral": (by) => settle(by, retrying({ counts: "deferral" })),
  "a release": (by) => settle(by, retrying({ counts: "nothing" })),
  "a death": (by) => settle(by, dead()),
  "a cancellation": (by) => settle(by, cancelled()),
  "the beginning of a step": (by) => stepBegin(by, "charge"),
};

export function fencing(promised: Promised): void {
  for (const [what, write] of Object.entries(writes)) {
    promised(`${what} is refused to a worker that was taken over from`, async (stage) => {
      const { stale, heir } = await stage.takenOver();
      const before = await stage.standing(heir);
      expect(await stage.apply(write(stale))).toEqual({ is: "lost", state: "running", fence: heir.fence });
      expect(await stage.standing(heir)).toEqual(before);
      expect(await stage.letters.get(stale.job.id), "a letter").toBeUndefined();
    });

    promised(`${what} is refused to another owner, and under another fence`, async (stage) => {
      const running = await stage.running();
      const before = await stage.standing(running);
      for (const by of [
        { ...running, owner: "other" },
        { ...running, fence: running.fence - 1 },
        { ...running, fence: running.fence + 1 },
      ]) {
        await stage.expect("lost", write(by));
      }
      expect(await stage.standing(running)).toEqual(before);
    });
  }

  promised("whoever writes to a key nobody stands for has lost it", async (stage) => {
    const nobody: Held = { key: stage.job().key, owner: "a", fence: 1 };
    for (const write of Object.values(writes)) {
      expect(await stage.apply(write(nobody))).toMatchObject({ is: "lost", state: "absent" });
      expect(await stage.record(nobody)).toBeUndefined();
    }
  });

  promised("a worker whose job was settled by its heir has lost it", async (stage) => {
    const { stale, heir } = await stage.takenOver();
    await stage.expect("settled", settle(heir, retrying({ delayMs: 60_000 })));
    const before = await stage.standing(heir);
    expect(await stage.apply(renew(stale))).toEqual({ is: "lost", state: "retrying", fence: heir.fence });
    expect(await stage.apply(settle(stale, dead()))).toEqual({ is: "lost", state: "retrying", fence: heir.fence });
    expect(await stage.standing(heir)).toEqual(before);
  });

  promised("fences grow with every claim: after take-overs, retries, redrives and new enqueues", async (stage) => {
    const first = await stage.running({}, { leaseMs: stage.time.shortMs });
    const second = await stage.takeOver(first);
    await stage.expect("settled", settle(second, retrying()));
    const third = await stage.claimed(first.job);
    await stage.expect("settled", settle(third, dead()));
    await stage.expect("redriven", redrive(first.job, "redriven"));
    const fourth = await stage.claimed({ ...first.job, id: `${first.key}.redriven` });
    await stage.expect("settled", settle(fourth, completed()));
    const last = { ...first.job, id: `${first.key}.last` };
    await stage.expect("created", reserve(last, { force: true }));
    expectGrowing([first, second, third, fourth, await stage.claimed(last)]);
  });

  promised("fences grow also when the record expired and was swept away in between", async (stage) => {
    const hour = 3_600_000;
    const first = await stage.settled(completed(undefined, { keepMs: hour }));
    await stage.leap(48 * hour);
    const second = await stage.claimed(first.job);
    await stage.expect("settled", settle(second, completed(undefined, { keepMs: hour })));
    await stage.leap(48 * hour);
    await stage.store.sweep(100);
    expectGrowing([first, second, await stage.claimed(first.job)]);
  });
}

function expectGrowing(claims: readonly Running[]): void {
  const fences = claims.map(({ fence }) => fence);
  expect(fences.every(Number.isSafeInteger), `safe integers: ${fences}`).toBe(true);
  for (const [index, fence] of fences.entries()) if (index > 0) expect(fence).toBeGreaterThan(fences[index - 1] ?? 0);
}
