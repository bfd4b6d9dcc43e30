import { seededRandom, waitFor } from "@semel/testing";
import { describe, expect, test } from "vitest";
import type { WorkSettings } from "./children/work.ts";
import { type Child, child } from "./support/child.ts";
import { brief, effect, effectProcessor } from "./support/effect-job.ts";
import { freshLedger, type Ledger, notOnce } from "./support/ledger.ts";
import { freshPlace, type Place, stage } from "./support/stage.ts";

/* Workers that die, stop and come back, in processes of their own. What they did is counted in a file. */

const points = [
  "claim:after",
  "once:effect:before-effect",
  "once:effect:after-effect",
  "once:effect:after-record",
  "settle:before",
  "settle:after",
] as const;
type Point = (typeof points)[number];

function work(place: Place, ledger: Ledger, settings: Pick<WorkSettings, "at">): Child {
  return child("work", { ...place, namespace: "test", ledger: ledger.path, ...settings });
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, n) => n);

describe("kill -9 of a worker", () => {
  test("at 20 seeded points: every job completes elsewhere, and only the one window repeats an effect", {
    timeout: 120_000,
  }, async () => {
    const seed = Number(process.env.SEMEL_TEST_SEED ?? Date.now() % 1_000_000);
    console.info(`seed of the kills: ${seed} (SEMEL_TEST_SEED repeats them)`);
    const random = seededRandom(seed);
    const place = freshPlace();
    const ledger = freshLedger();
    const { semel } = stage(place);
    const { accepted } = await semel.enqueueMany(
      brief,
      range(90).map((n) => ({ n })),
    );

    // Every point is hit, whatever the seed; which comes when, and how late in its worker's life, is chance.
    const kills = range(20)
      .map((kill) => ({ point: points[kill % points.length] ?? "claim:after", order: random() }))
      .sort((left, right) => left.order - right.order)
      .map(({ point }) => ({ point, hit: 1 + Math.floor(random() * 3), signal: "SIGKILL" as const }));
    // The first compiles for all.
    for (const [from, to] of [
      [0, 1],
      [1, 6],
      [6, 11],
      [11, 16],
      [16, 20],
    ]) {
      const workers = kills.slice(from, to).map((at) => work(place, ledger, { at }));
      expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual(workers.map(() => null));
    }
    semel.worker({ processors: [effectProcessor(brief, ledger.path, "survivor")], concurrency: 20 });
    const results = await Promise.all(accepted.map(({ result }) => result({ timeout: "30s" })));

    expect(results.map(({ n }) => n)).toEqual(range(90));
    const killed = ledger.entries().filter(([what]) => what === "SIGKILL");
    expect(killed).toHaveLength(20);
    const inWindow = new Map<number, number>();
    for (const [, n, point] of killed)
      if (point === "once:effect:after-effect") inWindow.set(n, (inWindow.get(n) ?? 0) + 1);
    const effects = ledger.counts("effect");
    expect(range(90).filter((n) => effects.get(n) !== 1 + (inWindow.get(n) ?? 0))).toEqual([]);
    expect(notOnce(ledger, "second", range(90))).toEqual([]);
    // A repeat can be recognised: it comes with the key of the first time.
    const keys = new Set(ledger.entries().flatMap(([what, n, key]) => (what === "effect" ? `${n} ${key}` : [])));
    expect(keys.size).toBe(90);
    const ended = await Promise.all(accepted.map(({ id }) => semel.status(brief, id)));
    expect(ended.filter((each) => each?.state !== "completed" || each.attempt !== 1)).toEqual([]);
    const crashes = ended.reduce((sum, each) => sum + (each?.crashes ?? 0), 0);
    expect(crashes).toBe(killed.filter(([, , point]) => point !== "settle:after").length);
    // Whoever died after the settlement left a delivery behind, which comes once more and finds the job finished.
    const isEmpty = async () =>
      (await semel.counts()).every(({ pending, delayed, running, dead }) => pending + delayed + running + dead === 0);
    await waitFor(isEmpty, { what: "the last deliveries", deadlineMs: 20_000 });
    console.info(`${inWindow.size} of 20 kills fell into the window; crashes counted: ${crashes}`);
  });

  test("of a producer between its two calls: the same work, enqueued again, is added and done once", async () => {
    const place = freshPlace();
    const ledger = freshLedger();
    const at = { point: "enqueue:after-reserve", hit: 3, signal: "SIGKILL" as const };
    const producer = child("produce", { ...place, namespace: "test", ledger: ledger.path, at });
    expect(await producer.ended).toBeNull();
    const { semel } = stage(place);
    semel.worker({ processors: [effectProcessor(effect, ledger.path, "worker")] });
    const again = await semel.enqueueMany(
      effect,
      range(3).map((n) => ({ n })),
    );
    await Promise.all(again.accepted.map(({ result }) => result({ timeout: "20s" })));
    expect(notOnce(ledger, "effect", range(3))).toEqual([]);
    expect(again.accepted[2]?.outcome).toBe("duplicate");
  });
});

describe("a worker that is stopped for longer than its lease, and goes on", () => {
  const stops: readonly { readonly point: Point; readonly effects: number }[] = [
    { point: "once:effect:after-record", effects: 1 },
    { point: "once:effect:after-effect", effects: 2 },
    { point: "settle:before", effects: 1 },
  ];

  test.each(stops)("at $point: what it then writes is refused", async ({ point, effects }) => {
    const place = freshPlace();
    const ledger = freshLedger();
    const { semel } = stage(place);
    const sleeper = work(place, ledger, { at: { point, hit: 1, signal: "SIGSTOP" } });
    const handle = await semel.enqueue(brief, { n: 7 });
    const isStopped = () => ledger.entries().some(([what]) => what === "SIGSTOP");
    await waitFor(isStopped, { what: `a stop at ${point}`, deadlineMs: 20_000 });
    const since = performance.now();
    semel.worker({ processors: [effectProcessor(brief, ledger.path, "successor")] });
    expect(await handle.result({ timeout: "20s" })).toEqual({ n: 7, by: "successor" });
    console.info(`taken over ${Math.round(performance.now() - since)} ms after the stop at ${point}`);
    const before = await semel.status(brief, handle.id);

    sleeper.signal("SIGCONT");
    expect(await sleeper.line((line) => line.startsWith("attempt.lost"))).toContain("brief");
    const counts = ["effect", "second"].map((what) => ledger.counts(what).get(7));
    expect(counts).toEqual([effects, 1]);
    expect(new Set(ledger.entries().flatMap(([what, , key]) => (what === "effect" ? key : []))).size).toBe(1);
    expect(await semel.status(brief, handle.id)).toEqual(before);
    expect(before).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
    // It is none the worse for it.
    sleeper.signal("SIGTERM");
    expect([await sleeper.ended, sleeper.complaints]).toEqual([0, []]);
  });
});

test("a worker whose clock is an hour ahead takes no jobs, says so, and lets no delay of others end early", async () => {
  const place = freshPlace();
  const ledger = freshLedger();
  const { semel } = stage(place);
  const skewed = child("work", { ...place, namespace: "test", ledger: ledger.path }, ["../children/hour-ahead.mjs"]);
  const problem = await skewed.line((line) => line.startsWith("worker.unready"));
  expect(problem).toContain("CLOCK_SKEW");
  const waiting = await semel.enqueue(effect, { n: 1 });
  const soon = await semel.enqueue(effect, { n: 2 }, { delay: "2s" });
  const late = await semel.enqueue(effect, { n: 3 }, { delay: "30m" });
  const unready = async () => (await semel.explain(waiting.id))[0]?.code === "worker-unready";
  await waitFor(unready, { what: "its own word for it" });
  // It had every chance: it has asked Redis what time it is again, and there was work.
  const seen = async () => (await semel.workers())[0]?.seenAt.getTime() ?? 0;
  const before = await seen();
  await waitFor(async () => (await seen()) > before, { what: "the skewed worker to look again", deadlineMs: 12_000 });
  expect(ledger.entries()).toEqual([]);
  semel.worker({ processors: [effectProcessor(effect, ledger.path, "right")] });
  expect(await soon.result({ timeout: "20s" })).toMatchObject({ by: "right" });
  expect(await waiting.result({ timeout: "20s" })).toMatchObject({ by: "right" });
  expect(await semel.status(late.id)).toMatchObject({ state: "delayed", attempt: 1 });
  expect(await semel.counts()).toMatchObject([{ delayed: 1, pending: 0 }]);
  expect(ledger.counts("effect").size).toBe(2);
});
