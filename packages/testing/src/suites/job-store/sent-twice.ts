import type { JobRecord, Operation } from "@semel/core/adapter";
import { expect } from "vitest";
import * as make from "./operations.ts";
import { senseOf } from "./sense.ts";
import type { Promised, StoreStage } from "./stage.ts";

/**
 * After a broken connection nobody knows whether an operation arrived, so clients send it again. Each case here leads
 * to a state in which the operation does something; sent once more, it must be answered in the same sense and do
 * nothing further.
 */
const cases: Readonly<Record<string, (stage: StoreStage) => Promise<Operation>>> = {
  "a reservation": async (stage) => make.reserve(stage.job()),
  "a reservation in place of dead work": async (stage) => {
    const { job } = await stage.settled(make.dead());
    return make.reserve({ ...job, id: `${job.key}.again` });
  },
  "a reservation by force": async (stage) => {
    const { job } = await stage.settled(make.completed());
    return make.reserve({ ...job, id: `${job.key}.again` }, { force: true });
  },
  "giving a reservation back": async (stage) => make.unreserve(await stage.reserved()),
  "a claim": async (stage) => make.claim(await stage.reserved(), "a"),
  "a claim of a job nobody reserved": async (stage) => make.claim(stage.job(), "a"),
  "a claim of a retry": async (stage) => make.claim((await stage.settled(make.retrying())).job, "a"),
  "a renewal": async (stage) => make.renew(await stage.running(), { progress: { fraction: 0.5 } }),
  "a completion": async (stage) => make.settle(await stage.running(), make.completed()),
  "a failed attempt": async (stage) => make.settle(await stage.running(), make.retrying({ delayMs: 5_000 })),
  "a deferral": async (stage) => make.settle(await stage.running(), make.retrying({ counts: "deferral" })),
  "a release": async (stage) => make.settle(await stage.running(), make.retrying({ counts: "nothing" })),
  "a death": async (stage) => make.settle(await stage.running(), make.dead()),
  "a cancellation by the worker": async (stage) => make.settle(await stage.running(), make.cancelled()),
  "a retry that meets a cancel": async (stage) => {
    const running = await stage.running();
    await stage.expect("requested", make.cancel(running.job));
    return make.settle(running, make.retrying());
  },
  "a cancel of waiting work": async (stage) => make.cancel(await stage.reserved()),
  "a cancel of running work": async (stage) => make.cancel((await stage.running()).job),
  "a redrive with steps": async (stage) => make.redrive((await stage.settled(make.dead())).job, "again"),
  "a redrive from scratch": async (stage) =>
    make.redrive((await stage.settled(make.completed())).job, "again", { steps: "fresh" }),
  "the beginning of a step": async (stage) => make.stepBegin(await stage.running(), "charge"),
  "a decision about a step": async (stage) => {
    const running = await stage.running();
    await stage.expect("run", make.stepBegin(running, "charge"));
    await stage.expect("settled", make.settle(running, make.dead()));
    return make.stepDecided(running.job, "charge", { is: "done", value: '"receipt"' });
  },
  "the end of a step": async (stage) => {
    const running = await stage.running();
    await stage.expect("run", make.stepBegin(running, "charge"));
    return make.stepDone(running, "charge", '"receipt"');
  },
  "word that follow-ups were sent": async (stage) =>
    make.followUpsSent((await stage.settled(make.completed('"done"', { followUps: "[]" }))).job),
};

export function sentTwice(promised: Promised): void {
  for (const [what, reach] of Object.entries(cases)) {
    promised(`${what}, sent twice, happens once`, async (stage) => {
      const operation = await reach(stage);
      const first = await stage.apply(operation);
      const after = await stage.record(operation);
      await stage.time.pass(5);
      const second = await stage.apply(operation);
      expect(senseOf(operation, second), "second answer").toEqual(senseOf(operation, first));
      expect(lasting(await stage.record(operation)), "record after the second").toEqual(lasting(after));
      const letters = await stage.letters.list({}, { limit: 10 });
      expect(letters, "letters").toHaveLength(after?.everDead ? 1 : 0);
    });

    promised(`${what}, twice in one call, happens once`, async (stage) => {
      const operation = await reach(stage);
      const [first, second] = await stage.store.apply([operation, operation]);
      expect(senseOf(operation, second), "second answer").toEqual(senseOf(operation, first));
    });
  }
}

/** A renewal moves the lease each time; nothing else may move. */
const lasting = (record: JobRecord | undefined): unknown =>
  record && { ...record, leaseUntil: undefined, expiresAt: undefined };
