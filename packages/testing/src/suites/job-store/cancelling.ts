import { expect } from "vitest";
import { expectFields } from "./fields.ts";
import { cancel, claim, completed, dead, renew, retrying, settle } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function cancelling(promised: Promised): void {
  promised("a job that waits for its first attempt is cancelled and will not run", async (stage) => {
    const job = await stage.reserved({ delayMs: 60_000 });
    expect(await stage.apply(cancel(job))).toEqual({ is: "cancelled" });
    const record = await stage.standing(job);
    expect(record).toMatchObject({ state: "cancelled", id: job.id });
    expect(record.finishedAt).toBeGreaterThanOrEqual(record.createdAt);
    expect(await stage.apply(claim(job, "a"))).toMatchObject({ is: "finished", state: "cancelled" });
  });

  promised("a job that waits for its next attempt is cancelled too", async (stage) => {
    const { job } = await stage.settled(retrying({ delayMs: 60_000 }));
    expect(await stage.apply(cancel(job))).toEqual({ is: "cancelled" });
    expect(await stage.apply(claim(job, "a"))).toMatchObject({ is: "finished", state: "cancelled" });
  });

  promised("the worker of a running job is told at its next renewal, and keeps its lease", async (stage) => {
    const running = await stage.running();
    expectFields(await stage.apply(renew(running)), { is: "held", cancelRequested: undefined });
    expect(await stage.apply(cancel(running.job, { by: "ada" }))).toEqual({ is: "requested" });
    expect(await stage.apply(renew(running))).toMatchObject({ is: "held", cancelRequested: { by: "ada" } });
    expect(await stage.standing(running)).toMatchObject({ state: "running", cancelRequested: { by: "ada" } });
  });

  promised("a retry does not forget the cancel that came while it ran", async (stage) => {
    for (const counts of ["attempt", "deferral", "nothing"] as const) {
      const running = await stage.running();
      await stage.expect("requested", cancel(running.job));
      expect(await stage.apply(settle(running, retrying({ counts })))).toMatchObject({
        is: "settled",
        state: "cancelled",
      });
      expect(await stage.standing(running)).toMatchObject({ state: "cancelled" });
    }
  });

  promised("work that was done before it heard of the cancel is done", async (stage) => {
    const running = await stage.running();
    await stage.expect("requested", cancel(running.job));
    expect(await stage.apply(settle(running, completed()))).toMatchObject({ is: "settled", state: "completed" });
    expect(await stage.standing(running)).toMatchObject({ state: "completed" });
  });

  promised("a job whose worker died before it heard of the cancel is not run again", async (stage) => {
    const running = await stage.running({}, { leaseMs: stage.time.shortMs });
    await stage.expect("requested", cancel(running.job));
    await stage.endOfLease();
    expect(await stage.apply(claim(running.job, "heir"))).toMatchObject({ is: "finished", state: "cancelled" });
    expect(await stage.standing(running)).toMatchObject({ state: "cancelled" });
    // Should it come back, it is told so: it must not take the cancel for its own settlement.
    expect(await stage.apply(settle(running, completed()))).toMatchObject({ is: "lost", state: "cancelled" });
  });

  promised("ended work stays as it ended", async (stage) => {
    for (const settlement of [completed(), dead()]) {
      const { job } = await stage.settled(settlement);
      const before = await stage.standing(job);
      expect(await stage.apply(cancel(job))).toEqual({ is: "finished", state: settlement.state });
      expect(await stage.standing(job)).toEqual(before);
    }
  });

  promised("a job that does not stand for the key is unknown, and the one that does stays untouched", async (stage) => {
    const job = await stage.reserved();
    expect(await stage.apply(cancel({ ...job, id: `${job.key}.other` }))).toEqual({ is: "unknown" });
    expect(await stage.standing(job)).toMatchObject({ state: "pending" });
    const nobody = stage.job();
    expect(await stage.apply(cancel(nobody))).toEqual({ is: "unknown" });
    expect(await stage.record(nobody)).toBeUndefined();
  });
}
