import { type Enqueued, QueueUnavailableError, type Semel } from "@semel/core";
import { startProxy } from "@semel/repo-tools/cutting-proxy";
import { waitFor } from "@semel/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { type EffectJob, effect, effectProcessor, steady } from "./support/effect-job.ts";
import { freshLedger, notOnce } from "./support/ledger.ts";
import { load } from "./support/load.ts";
import { admin, freshPlace, privateServer, sharedUrl, stage } from "./support/stage.ts";

/* A network between the application and Redis that loses what it is given. */

/** Enqueues as an application is told to: whose outcome is unknown is sent again under the same id. */
async function insistently(semel: Semel, n: number, job: EffectJob): Promise<Enqueued<EffectJob>> {
  let id: string | undefined;
  for (;;) {
    try {
      return await semel.enqueue(job, { n }, { id });
    } catch (error) {
      // Anything else ends the test: an addition was made, and nobody may be told that it was not.
      if (!(error instanceof QueueUnavailableError) || error.outcome !== "unknown") throw error;
      ({ id } = error);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe("a lost reply", () => {
  test("of an addition: ten enqueues make ten jobs, each done once", async () => {
    const proxy = await startProxy({ port: Number(new URL(sharedUrl()).port) });
    onTestFinished(proxy.stop);
    const place = freshPlace();
    const ledger = freshLedger();
    const { semel: direct } = stage(place);
    const { semel } = stage({ ...place, url: `redis://127.0.0.1:${proxy.port}` });
    await semel.enqueue(effect, { n: 0 });
    for (let n = 1; n <= 10; n++) {
      let adding: number | undefined;
      let lost = 0;
      proxy.onData((chunk, direction, connection) => {
        // Of what an enqueue sends, only the addition carries the envelope.
        if (direction === "request" && chunk.includes('"payload"')) adding ??= connection;
        if (direction !== "answer" || connection !== adding || lost > 0) return "pass";
        lost += 1;
        return "cut";
      });
      await insistently(semel, n, effect);
      expect(lost).toBe(1);
    }
    expect(await direct.counts()).toMatchObject([{ pending: 11 }]);
    const worker = direct.worker({ processors: [effectProcessor(effect, ledger.path, "worker")] });
    await waitFor(() => worker.isReady, { what: "the worker" });
    await waitFor(() => ledger.counts("effect").size === 11, { what: "all eleven", deadlineMs: 20_000 });
    expect(
      notOnce(
        ledger,
        "effect",
        Array.from({ length: 11 }, (_, n) => n),
      ),
    ).toEqual([]);
  });

  test("of an addition that is refused when it is made again: nobody is told that it was not made", async () => {
    const server = await privateServer();
    const proxy = await startProxy({ port: server.port });
    onTestFinished(proxy.stop);
    const operator = admin(server.url);
    const place = freshPlace(server.url);
    // The longest pause before it is made again: the connection is back by then.
    const random = () => 0.999;
    const { semel } = stage({ ...place, url: `redis://127.0.0.1:${proxy.port}` }, { random });
    const { semel: direct } = stage(place);
    await semel.enqueue(effect, { n: 0 });
    let adding: number | undefined;
    proxy.onData((chunk, direction, connection) => {
      if (direction === "request" && chunk.includes('"payload"')) adding ??= connection;
      if (direction !== "answer" || connection !== adding) return "pass";
      void operator.config("SET", "maxmemory", "1mb");
      return "cut";
    });
    const error: unknown = await semel.enqueue(effect, { n: 1 }).catch((thrown: unknown) => thrown);
    proxy.onData(undefined);
    await operator.config("SET", "maxmemory", "0");
    expect(error).toMatchObject({ code: "QUEUE_UNAVAILABLE", outcome: "unknown" });
    expect(await direct.counts()).toMatchObject([{ pending: 2 }]);
  });

  test("of anything else: whichever answer is lost, the job is done once", async () => {
    const proxy = await startProxy({ port: Number(new URL(sharedUrl()).port) });
    onTestFinished(proxy.stop);
    const place = freshPlace(`redis://127.0.0.1:${proxy.port}`);
    const ledger = freshLedger();
    const { semel } = stage(place);
    const worker = semel.worker({ processors: [effectProcessor(steady, ledger.path, "worker")] });
    await waitFor(() => worker.isReady, { what: "the worker" });
    await (await semel.enqueue(steady, { n: 0 })).result({ timeout: "20s" });
    // Answers that one job causes, from its enqueue to its acknowledgement, and some that come by themselves.
    const last = 14;
    for (let n = 1; n <= last; n++) {
      let answers = 0;
      proxy.onData((_, direction) => (direction === "answer" && ++answers === n ? "cut" : "pass"));
      await (await insistently(semel, n, steady)).result({ timeout: "20s" });
      await waitFor(() => answers >= n, { what: `answer ${n}` });
    }
    proxy.onData(undefined);
    const all = Array.from({ length: last + 1 }, (_, n) => n);
    expect(notOnce(ledger, "effect", all)).toEqual([]);
    expect(notOnce(ledger, "second", all)).toEqual([]);
    const isEmpty = async () =>
      (await semel.counts()).every(({ pending, delayed, running }) => pending + delayed + running === 0);
    await waitFor(isEmpty, { what: "the last acknowledgement", deadlineMs: 20_000 });
  });
});

test("a network that swallows everything is noticed, and there is work again within 15 s", async () => {
  const proxy = await startProxy({ port: Number(new URL(sharedUrl()).port) });
  onTestFinished(proxy.stop);
  const place = freshPlace();
  const running = load({ ...place, url: `redis://127.0.0.1:${proxy.port}` }, effect);
  await running.progress(50);
  // Those that are open are dead for good, and nobody is told; new ones would work.
  let newest = 0;
  proxy.onData((_, __, connection) => {
    newest = Math.max(newest, connection);
    return "pass";
  });
  await running.progress(5);
  const dead = newest;
  proxy.onData((_, __, connection) => (connection <= dead ? "drop" : "pass"));
  const since = performance.now();
  await running.progress(1, 20_000);
  const ms = performance.now() - since;
  const { figures, broken } = await running.settled();
  console.info(`half-open: ${Math.round(ms)} ms to the next job; ${figures}`);
  expect(broken).toEqual([]);
  expect(ms).toBeLessThan(15_000);
});
