import { expect } from "vitest";
import { expectFields } from "./fields.ts";
import {
  cancel,
  claim,
  completed,
  dead,
  followUpsSent,
  type Job,
  jobFor,
  reserve,
  retrying,
  unreserve,
} from "./operations.ts";
import type { Promised, StoreStage } from "./stage.ts";

export function reserving(promised: Promised): void {
  promised("a key nobody stands for is created, and its record says what was introduced", async (stage) => {
    const job = stage.job({ tenant: "acme", delayMs: 5_000, deadlineMs: 60_000, version: 3 });
    const { createdAt } = await stage.expect("created", reserve(job));
    const { key, id, type, lane, tenant, fingerprint, version } = job;
    expect(await stage.standing(job)).toMatchObject({
      ...{ key, id, type, lane, tenant, fingerprint, version, createdAt, state: "pending", format: 1 },
      ...{ generation: 0, fence: 0, failures: 0, crashes: 0, deferrals: 0, duplicates: 0 },
      ...{ notBefore: createdAt + 5_000, deadlineAt: createdAt + 65_000 },
    });
  });

  promised("the same id again is created again, with the first time, and counts nothing", async (stage) => {
    const job = stage.job();
    const first = await stage.apply(reserve(job));
    await stage.time.pass(stage.time.shortMs);
    expect(await stage.apply(reserve(job))).toEqual(first);
    expect((await stage.standing(job)).duplicates).toBe(0);
  });

  promised("of 50 that reserve one key at a time, one is created and the others are told its id", async (stage) => {
    const views = await Promise.all([stage.another(), stage.another(), stage.another()]);
    const { key } = stage.job();
    const jobs = Array.from({ length: 50 }, (_, index) => jobFor(key, `n${index}`));
    const answers = await Promise.all(
      jobs.map(async (job, index) => (await views[index % 3]?.store.apply([reserve(job)]))?.[0]),
    );
    const winners = jobs.filter((_, index) => answers[index]?.is === "created");
    expect(winners).toHaveLength(1);
    const losers = answers.filter((answer) => answer?.is !== "created");
    expect(losers).toEqual(
      losers.map(() => ({ is: "duplicate", id: winners[0]?.id, state: "pending", overdue: false })),
    );
    expect((await stage.standing({ key })).duplicates).toBe(49);
  });

  for (const [state, reach] of Object.entries(alive)) {
    promised(`work that is ${state} makes the next a duplicate, also by force`, async (stage) => {
      const { job } = await reach(stage);
      const before = await stage.standing(job);
      const expected = { is: "duplicate", id: job.id, state, overdue: false };
      expect(await stage.apply(reserve(next(job)))).toEqual(expected);
      expect(await stage.apply(reserve(next(job), { force: true, onCompleted: "rerun" }))).toEqual(expected);
      expect(await stage.standing(job)).toEqual({ ...before, duplicates: 2 });
    });
  }

  for (const [state, reach] of [...Object.entries(alive), ["completed", ended.completed] as const]) {
    promised(`another payload for work that is ${state} is a conflict and changes nothing`, async (stage) => {
      const { job } = await reach(stage);
      const before = await stage.standing(job);
      const answer = await stage.apply(reserve({ ...next(job), fingerprint: "f2.xyz" }));
      expect(answer).toEqual({ is: "conflict", id: job.id, state, fingerprint: job.fingerprint, overdue: false });
      expect(await stage.standing(job)).toEqual(before);
    });
  }

  promised("payloads of two versions are not compared: a deployment makes no conflicts", async (stage) => {
    const job = await stage.reserved();
    await stage.expect("duplicate", reserve({ ...next(job), version: 2, fingerprint: "f2.xyz" }));
  });

  promised("completed work answers with its result", async (stage) => {
    const { job } = await ended.completed(stage);
    const { finishedAt } = await stage.standing(job);
    const replayed = { is: "replayed", id: job.id, finishedAt, kind: { kind: "stored" }, result: '"done"' };
    expect(await stage.apply(reserve(next(job)))).toEqual(replayed);
    expect(await stage.apply(reserve(job)), "also to its own id").toEqual(replayed);
  });

  promised("completed work whose result was omitted says why", async (stage) => {
    const kind = { kind: "omitted", why: "too large" } as const;
    const { job } = await stage.settled(completed(undefined, { kind, result: undefined }));
    expectFields(await stage.apply(reserve(next(job))), { is: "replayed", kind, result: undefined });
  });

  promised("completed work runs again as a new generation where that is wanted", async (stage) => {
    for (const wish of [{ onCompleted: "rerun" }, { force: true }] as const) {
      const { job } = await ended.completed(stage);
      await stage.expect("created", reserve(next(job), wish));
      expect(await stage.standing(job)).toMatchObject({ id: next(job).id, state: "pending", generation: 1 });
      await stage.expect("acquired", claim(next(job), "w:next"));
      expect(await stage.store.result(job.key), "the old result").toBeUndefined();
    }
  });

  promised(
    "a reservation that is given back leaves the ended work as it was, with all that belongs to it",
    async (stage) => {
      for (const reach of Object.values(ended)) {
        const { job } = await reach(stage);
        const before = await stage.standing(job);
        const result = await stage.store.result(job.key);
        await stage.expect("created", reserve(next(job), { force: true }));
        expect(await stage.apply(unreserve(next(job)))).toEqual({ is: "gone" });
        expect(await stage.standing(job)).toEqual(before);
        expect(await stage.store.result(job.key)).toBe(result);
      }
    },
  );

  promised("dead work is replaced in its generation, or kept, as the type wishes", async (stage) => {
    const { job } = await ended.dead(stage);
    expect(await stage.apply(reserve(next(job), { onDead: "keep" }))).toEqual({
      is: "duplicate",
      id: job.id,
      state: "dead",
      overdue: false,
    });
    await stage.expect("created", reserve(next(job), { onDead: "rerun" }));
    expect(await stage.standing(job)).toMatchObject({
      id: next(job).id,
      state: "pending",
      generation: 0,
      everDead: true,
    });
  });

  promised("dead work runs again as a new generation by force", async (stage) => {
    const { job } = await ended.dead(stage);
    await stage.expect("created", reserve(next(job), { onDead: "keep", force: true }));
    expect(await stage.standing(job)).toMatchObject({
      id: next(job).id,
      state: "pending",
      generation: 1,
      everDead: true,
    });
  });

  promised("another payload does not inherit the steps of the work it replaces", async (stage) => {
    for (const reach of [ended.dead, ended.cancelled]) {
      const { job } = await reach(stage);
      await stage.expect("created", reserve({ ...next(job), fingerprint: "f2.xyz" }));
      expect(await stage.standing(job)).toMatchObject({ id: next(job).id, generation: 1 });
    }
  });

  promised("one id with two payloads is a conflict", async (stage) => {
    const job = await stage.reserved();
    await stage.expect("conflict", reserve({ ...job, fingerprint: "f2.xyz" }));
  });

  promised("a reservation that others were told of is not given back", async (stage) => {
    const job = await stage.reserved();
    await stage.expect("duplicate", reserve(next(job)));
    expect(await stage.apply(unreserve(job))).toEqual({ is: "kept" });
    expect(await stage.standing(job)).toMatchObject({ state: "pending", duplicates: 1 });
  });

  promised("ended work does not make way before its follow-ups are known to be sent", async (stage) => {
    const { job } = await stage.settled(completed(undefined, { followUps: "[]" }));
    await stage.expect("replayed", reserve(next(job), { force: true }));
    await stage.expect("noted", followUpsSent(job));
    await stage.expect("created", reserve(next(job), { force: true }));
  });

  promised("cancelled work makes way", async (stage) => {
    const { job } = await ended.cancelled(stage);
    await stage.expect("created", reserve(next(job)));
    expect(await stage.standing(job)).toMatchObject({ id: next(job).id, state: "pending", generation: 0 });
  });

  promised("a re-send of ended work never starts a second run", async (stage) => {
    for (const reach of Object.values(ended)) {
      const { job } = await reach(stage);
      const { state } = await stage.standing(job);
      expect(await stage.apply(reserve(job, { force: true, onCompleted: "rerun" }))).not.toMatchObject({
        is: "created",
      });
      expect(await stage.standing(job)).toMatchObject({ state, id: job.id });
    }
  });

  promised("a delivery that is overdue is looked for by one caller a minute", async (stage) => {
    const job = await stage.reserved({ delayMs: 10_000 });
    await stage.leap(65_000);
    expect(await stage.apply(reserve(next(job)))).toMatchObject({ is: "duplicate", overdue: false });
    await stage.leap(10_000);
    expect(await stage.apply(reserve(next(job)))).toMatchObject({ is: "duplicate", overdue: true });
    expect(await stage.apply(reserve(next(job)))).toMatchObject({ is: "duplicate", overdue: false });
    await stage.leap(61_000);
    expect(await stage.apply(reserve(next(job)))).toMatchObject({ is: "duplicate", overdue: true });
  });

  promised("a conflict with overdue work says so, to everybody", async (stage) => {
    const job = await stage.reserved();
    await stage.leap(65_000);
    const other: Job = { ...next(job), fingerprint: "f2.xyz" };
    expect(await stage.apply(reserve(other))).toMatchObject({ is: "conflict", overdue: true });
    expect(await stage.apply(reserve(other))).toMatchObject({ is: "conflict", overdue: true });
  });

  promised("a reservation is given back only while it is pending under its own id", async (stage) => {
    const job = await stage.reserved();
    expect(await stage.apply(unreserve(next(job))), "of another id").toEqual({ is: "gone" });
    expect(await stage.standing(job)).toMatchObject({ id: job.id });
    expect(await stage.apply(unreserve(job))).toEqual({ is: "gone" });
    expect(await stage.record(job)).toBeUndefined();
    expect(await stage.apply(unreserve(job)), "of nothing").toEqual({ is: "gone" });
  });

  for (const reach of ["running", "retrying"] as const) {
    promised(`a reservation whose job is ${reach} is kept: it was in the queue after all`, async (stage) => {
      const { job } = await alive[reach](stage);
      expect(await stage.apply(unreserve(job))).toEqual({ is: "kept" });
      expect(await stage.standing(job)).toMatchObject({ state: reach });
    });
  }
}

const next = (job: Job): Job => ({ ...job, id: `${job.key}.next` });

type Reach = (stage: StoreStage) => Promise<{ readonly job: Job }>;

const alive: Record<"pending" | "running" | "retrying", Reach> = {
  pending: async (stage) => ({ job: await stage.reserved() }),
  running: (stage) => stage.running(),
  retrying: (stage) => stage.settled(retrying()),
};

const ended: Record<"completed" | "dead" | "cancelled", Reach> = {
  completed: (stage) => stage.settled(completed()),
  dead: (stage) => stage.settled(dead()),
  async cancelled(stage) {
    const job = await stage.reserved();
    await stage.expect("cancelled", cancel(job));
    return { job };
  },
};
