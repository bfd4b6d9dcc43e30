import { expect } from "vitest";
import { expectFields } from "./fields.ts";
import { cancelled, completed, dead, redrive, retrying, settle, unreserve } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function redriving(promised: Promised): void {
  promised("dead work comes back under its new id, as if it had never failed", async (stage) => {
    const { job } = await stage.settled(retrying());
    const crashed = await stage.claimed(job, { leaseMs: stage.time.shortMs });
    const heir = await stage.takeOver(crashed);
    await stage.expect("settled", settle(heir, dead()));
    expect(await stage.apply(redrive(job, "again", { deadlineMs: 60_000 }))).toEqual({ is: "redriven" });
    const record = await stage.standing(job);
    expect(record).toMatchObject({
      ...{ id: `${job.key}.again`, state: "pending", generation: 0, redrives: 1, everDead: true },
      ...{
        failures: 0,
        crashes: 0,
        deferrals: 0,
        type: job.type,
        lane: job.lane,
        fingerprint: job.fingerprint,
        version: 1,
      },
    });
    expect(record.deadlineAt - record.createdAt).toBe(60_000);
    const { acquired } = await stage.claimed({ ...job, id: `${job.key}.again` });
    expectFields(acquired, { attempt: 1, redrives: 1, doomed: undefined });
  });

  for (const settlement of [completed(), dead(), cancelled()]) {
    promised(`work that is ${settlement.state} comes back from scratch as a new generation`, async (stage) => {
      const { job } = await stage.settled(settlement, { tenant: "acme" });
      expect(await stage.apply(redrive(job, "again", { steps: "fresh" }))).toEqual({ is: "redriven" });
      expect(await stage.standing(job)).toMatchObject({
        id: `${job.key}.again`,
        state: "pending",
        generation: 1,
        tenant: "acme",
      });
      await stage.claimed({ ...job, id: `${job.key}.again` });
      expect(await stage.store.result(job.key), "the old result").toBeUndefined();
    });

    promised(`work that is ${settlement.state} gets its place back when the queue refuses it`, async (stage) => {
      const { job } = await stage.settled(settlement);
      const before = await stage.standing(job);
      const result = await stage.store.result(job.key);
      await stage.expect("redriven", redrive(job, "again", { steps: "fresh" }));
      await stage.expect("gone", unreserve({ ...job, id: `${job.key}.again` }));
      expect(await stage.standing(job)).toEqual(before);
      expect(await stage.store.result(job.key)).toBe(result);
    });
  }

  promised("work that is not dead does not come back with its steps", async (stage) => {
    for (const settlement of [completed(), cancelled()]) {
      const { job } = await stage.settled(settlement);
      const before = await stage.standing(job);
      expect(await stage.apply(redrive(job, "again"))).toEqual({ is: "already", id: job.id, state: settlement.state });
      expect(await stage.standing(job)).toEqual(before);
    }
  });

  promised("work that has not ended is left alone", async (stage) => {
    const pending = await stage.reserved();
    const { job: running } = await stage.running();
    const { job: waiting } = await stage.settled(retrying());
    for (const [state, job] of Object.entries({ pending, running, retrying: waiting })) {
      expect(await stage.apply(redrive(job, "again", { steps: "fresh" }))).toEqual({
        is: "already",
        id: job.id,
        state,
      });
      expect(await stage.standing(job)).toMatchObject({ state, id: job.id });
    }
  });

  promised("of two operators, one brings it back and the other is told its id", async (stage) => {
    const { job } = await stage.settled(dead());
    const views = [await stage.another(), await stage.another()];
    const answers = await Promise.all(views.map(({ store }, index) => store.apply([redrive(job, `again-${index}`)])));
    const { id } = await stage.standing(job);
    expect(
      answers
        .flat()
        .map(({ is }) => is)
        .sort(),
    ).toEqual(["already", "redriven"]);
    expect(answers.flat().find(({ is }) => is === "already")).toEqual({ is: "already", id, state: "pending" });
  });

  promised("work nobody knows is unknown", async (stage) => {
    const job = stage.job();
    expect(await stage.apply(redrive(job, "again"))).toEqual({ is: "unknown" });
    expect(await stage.record(job)).toBeUndefined();
  });

  promised("redrives are counted", async (stage) => {
    let running = await stage.settled(dead());
    for (const name of ["second", "third"]) {
      await stage.expect("redriven", redrive(running.job, name));
      running = await stage.claimed({ ...running.job, id: `${running.key}.${name}` });
      await stage.expect("settled", settle(running, dead()));
    }
    expect(await stage.standing(running)).toMatchObject({ redrives: 2 });
  });
}
