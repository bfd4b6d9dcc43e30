import type { Operation } from "@semel/core/adapter";
import { expect } from "vitest";
import { claim, completed, renew, reserve, settle, stepBegin, stepDone } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function concurrency(promised: Promised): void {
  promised("operations of one call are answered in order, and see what the earlier ones did", async (stage) => {
    const [job, other] = [stage.job(), stage.job()];
    const first = await stage.store.apply([reserve(job), reserve(other), claim(job, "a"), claim(other, "b")]);
    expect(first.map(({ is }) => is)).toEqual(["created", "created", "acquired", "acquired"]);
    const [mine, others] = [await stage.standing(job), await stage.standing(other)];
    const held = { key: job.key, owner: "a", fence: mine.fence };
    const theirs = { key: other.key, owner: "b", fence: others.fence };
    const second = await stage.store.apply([
      stepBegin(held, "charge"),
      renew(theirs),
      stepDone(held, "charge", "1"),
      stepBegin(held, "charge"),
      settle(held, completed('"both"')),
      reserve({ ...job, id: `${job.key}.next` }),
      settle(theirs, completed()),
      claim(job, "c"),
    ]);
    expect(second.map(({ is }) => is)).toEqual([
      "run",
      "held",
      "recorded",
      "memo",
      "settled",
      "replayed",
      "settled",
      "finished",
    ]);
    expect(second[5]).toMatchObject({ id: job.id, result: '"both"' });
  });

  promised("an expected refusal in a call leaves its neighbours alone", async (stage) => {
    const running = await stage.running();
    const answers = await stage.store.apply([
      settle({ ...running, key: stage.job().key }, completed()),
      reserve({ ...running.job, id: `${running.key}.next`, fingerprint: "f2.xyz" }),
      settle(running, completed()),
    ]);
    expect(answers.map(({ is }) => is)).toEqual(["lost", "conflict", "settled"]);
  });

  promised("calls over the same keys in opposite orders all come to an end", async (stage) => {
    const views = await Promise.all([stage.another(), stage.another(), stage.another(), stage.another()]);
    const jobs = await Promise.all(Array.from({ length: 12 }, () => stage.running()));
    const calls = Array.from({ length: 40 }, (_, call) => {
      const ordered = call % 2 === 0 ? jobs : [...jobs].reverse();
      return views[call % views.length]?.store.apply(
        ordered.map((running) => renew(running, { progress: { fraction: call / 40 } })),
      );
    });
    const answers = (await Promise.all(calls)).flatMap((answer) => answer ?? []);
    expect(answers).toHaveLength(40 * jobs.length);
    expect(new Set(answers.map(({ is }) => is))).toEqual(new Set(["held"]));
  });

  promised("a call of many operations is answered whole", async (stage) => {
    const jobs = Array.from({ length: 256 }, () => stage.job());
    const operations: Operation[] = jobs.flatMap((job) => [reserve(job), claim(job, `owner of ${job.id}`)]);
    const answers = await stage.store.apply(operations);
    expect(answers.map(({ is }) => is)).toEqual(jobs.flatMap(() => ["created", "acquired"]));
    const records = await stage.store.read(jobs.map(({ key }) => key));
    expect(records.map((record) => record?.owner)).toEqual(jobs.map(({ id }) => `owner of ${id}`));
  });

  promised("of 20 that settle one attempt at a time, all are told it is settled, and it counts once", async (stage) => {
    const views = await Promise.all([stage.another(), stage.another()]);
    const running = await stage.running();
    const settlement = settle(running, { state: "retrying", counts: "attempt", delayMs: 60_000, error: undefined });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => views[index % 2]?.store.apply([settlement])),
    );
    expect(new Set(answers.map((answer) => answer?.[0].is))).toEqual(new Set(["settled"]));
    expect(await stage.standing(running)).toMatchObject({ state: "retrying", failures: 1 });
  });
}
