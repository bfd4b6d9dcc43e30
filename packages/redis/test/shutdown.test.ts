import { type Closed, processor } from "@semel/core";
import { waitFor } from "@semel/testing";
import { describe, expect, test } from "vitest";
import { type Child, child } from "./support/child.ts";
import { freshLedger, type Ledger } from "./support/ledger.ts";
import { served } from "./support/served-job.ts";
import { freshPlace, type Place, privateServer, stage } from "./support/stage.ts";

/* Deployments: processes that are told to end while they work, start, or have lost their Redis. */

const serve = (place: Place, ledger: Ledger, deadline = "1s"): Child =>
  child("serve", { ...place, namespace: "test", ledger: ledger.path, deadline });

const closedBy = ({ lines }: Child): Closed =>
  JSON.parse(lines.find((line) => line.startsWith("closed "))?.slice("closed ".length) ?? "null");

async function leaving(process: Child): Promise<{ code: number | null; ms: number }> {
  const since = performance.now();
  process.signal("SIGTERM");
  return { code: await process.ended, ms: performance.now() - since };
}

describe("SIGTERM", () => {
  test("under load: no attempt is burned, it ends within the grace and 2 s, and the next goes on at once", async () => {
    const place = freshPlace();
    const ledger = freshLedger();
    const { semel } = stage(place);
    const process = serve(place, ledger);
    const quick = Array.from({ length: 40 }, (_, n) => ({ n, does: "wait", ms: 20 }) as const);
    const slow = [1, 2, 3].map((n) => ({ n: 100 + n, does: "wait", ms: 30_000 }) as const);
    const { accepted } = await semel.enqueueMany(served, [...slow, ...quick]);
    await process.line((line) => line.startsWith("attempt.completed"));
    const { code, ms } = await leaving(process);
    const { finished, released, leftBehind } = closedBy(process);
    console.info(
      `ended ${Math.round(ms)} ms after SIGTERM, with a grace of 1000 ms: ${finished.length} finished, ${released.length} released`,
    );
    expect([code, process.complaints, leftBehind]).toEqual([0, [], []]);
    expect(ms).toBeLessThan(1_000 + 2_000);
    expect([...released].sort()).toEqual(
      accepted
        .slice(0, 3)
        .map(({ id }) => id)
        .sort(),
    );

    const since = performance.now();
    const seen: number[] = [];
    semel.worker({
      processors: [
        processor(served, async ({ payload: { n } }) => {
          seen.push(n);
          return "successor";
        }),
      ],
    });
    await waitFor(() => [101, 102, 103].every((n) => seen.includes(n)), {
      what: "the released jobs",
      deadlineMs: 20_000,
    });
    console.info(
      `released jobs run again ${Math.round(performance.now() - since)} ms after the next worker began to start`,
    );
    await Promise.all(accepted.map(({ result }) => result({ timeout: "20s" })));
    const ended = await Promise.all(accepted.map(({ id }) => semel.status(id)));
    expect(ended.filter((one) => one?.state !== "completed" || one.attempt !== 1 || one.crashes !== 0)).toEqual([]);
  });

  test("during the start, while there is no Redis: it ends all the same", async () => {
    const gone = await privateServer();
    await gone.kill();
    const process = serve(freshPlace(gone.url), freshLedger());
    await process.line((line) => line.startsWith("worker.problem"));
    const { code, ms } = await leaving(process);
    console.info(`ended ${Math.round(ms)} ms after SIGTERM with code ${code}, without any Redis`);
    expect(ms).toBeLessThan(1_000 + 4_500 + 1_500);
    expect(closedBy(process) ?? { finished: [], released: [], leftBehind: [] }).toEqual({
      finished: [],
      released: [],
      leftBehind: [],
    });
  });

  test("while Redis has died under it: it says what it leaves behind, and the next takes over", async () => {
    const server = await privateServer();
    const place = freshPlace(server.url);
    const ledger = freshLedger();
    const { semel } = stage(place);
    const process = serve(place, ledger);
    const { id, result } = await semel.enqueue(served, { n: 1, does: "wait", ms: 30_000 });
    await process.line((line) => line.startsWith("step.completed"));
    await server.kill();
    const { code, ms } = await leaving(process);
    console.info(`ended ${Math.round(ms)} ms after SIGTERM with code ${code}, with Redis down`);
    expect(ms).toBeLessThan(1_000 + 4_500 + 1_500);
    if (code === 0) expect(closedBy(process)).toEqual({ finished: [], released: [], leftBehind: [id] });
    await server.restart();
    const successor = processor(served, async ({ once }) => {
      await once("effect", () => "again");
      return "successor";
    });
    semel.worker({ processors: [successor] });
    expect(await result({ timeout: "30s" })).toBe("successor");
    expect(await semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
    expect(ledger.counts("effect").get(1)).toBe(1);
  });
});

test("a job that kills its process is set aside as a crash loop, and its neighbours complete", {
  timeout: 120_000,
}, async () => {
  const place = freshPlace();
  const ledger = freshLedger();
  const { semel } = stage(place);
  const poison = await semel.enqueue(served, { n: 0, does: "die", ms: 300 });
  const neighbours = await semel.enqueueMany(
    served,
    [1, 2, 3, 4].map((n) => ({ n, does: "wait", ms: 1_500 }) as const),
  );
  // What a supervisor does: whoever dies is started again.
  let deaths = 0;
  let isOver = false;
  const supervised = (async () => {
    while (!isOver) {
      const process = serve(place, ledger);
      if ((await process.ended) === null && !isOver) deaths++;
    }
  })();
  const all = [poison, ...neighbours.accepted];
  const ended = async () => {
    const states = await Promise.all(all.map(({ id }) => semel.status(id)));
    return states.every((one) => one?.state === "completed" || one?.state === "dead") && states;
  };
  const [first, ...others] = (await waitFor(ended, { what: "an end of all", deadlineMs: 90_000 })) || [];
  isOver = true;
  console.info(`${deaths} deaths; crashes: ${[first, ...others].map((one) => one?.crashes)}`);
  expect(first).toMatchObject({ state: "dead", reason: "CRASH_LOOP", crashes: 4, attempt: 1 });
  expect(others.map((one) => one?.state)).toEqual(["completed", "completed", "completed", "completed"]);
  expect(Math.max(...others.map((one) => one?.crashes ?? 0))).toBeLessThanOrEqual(2);
  expect(ledger.counts("death").get(0)).toBe(4);
  expect([0, 1, 2, 3, 4].map((n) => ledger.counts("effect").get(n))).toEqual([1, 1, 1, 1, 1]);
  void supervised.catch(() => {});
});

test("an event loop that is blocked for longer than the lease: it says so, another takes over, and it is fenced off", async () => {
  const place = freshPlace();
  const ledger = freshLedger();
  const { semel } = stage(place);
  const process = serve(place, ledger);
  const { id, result } = await semel.enqueue(served, { n: 5, does: "block", ms: 6_000 });
  await process.line((line) => line.startsWith("step.completed"));
  semel.worker({
    processors: [
      processor(served, async ({ once }) => {
        await once("effect", () => "never");
        return once("second", () => "successor");
      }),
    ],
  });
  expect(await result({ timeout: "30s" })).toBe("successor");
  expect(await process.line((line) => line.startsWith("attempt.lost"))).toContain(id);
  const stalled = await process.line((line) => line.startsWith("worker.stalled"));
  expect(JSON.parse(stalled.slice("worker.stalled ".length)).forMs).toBeGreaterThan(4_000);
  expect([ledger.counts("effect").get(5), ledger.counts("second").get(5)]).toEqual([1, undefined]);
  expect(await semel.status(id)).toMatchObject({ state: "completed", crashes: 1 });
  expect((await leaving(process)).code).toBe(0);
});
