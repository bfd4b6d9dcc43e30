import { expect, test } from "vitest";
import type { LeaveSettings } from "./children/leave.ts";
import { type Child, child } from "./support/child.ts";
import { freshLedger } from "./support/ledger.ts";
import { freshPlace, type Place, privateServer, stage } from "./support/stage.ts";

/*
 * A process that closes its Semel ends by itself, whatever state that was in: no connection, no timer, no subscription
 * keeps it. And in no state does a library below print anything, or an error reach nobody.
 */

function leave(place: Place, use: LeaveSettings["use"]): Child {
  return child("leave", { ...place, namespace: "test", ledger: freshLedger().path, use });
}

const started = (line: string): boolean => line.startsWith("worker.started");

/** Tells it to close, and says how long that took it, and how long the process lived on after that. In milliseconds. */
async function leaving(process: Child): Promise<{ closing: number; lingering: number }> {
  process.signal("SIGTERM");
  const line = await process.line((text) => text.startsWith("closed"));
  const since = performance.now();
  const code = await process.ended;
  expect([code, process.complaints]).toEqual([0, []]);
  return { closing: Number(line.split(" ")[1]), lingering: performance.now() - since };
}

test("never used", async () => {
  const process = leave(freshPlace(), "unused");
  expect([await process.ended, process.complaints]).toEqual([0, []]);
  expect(process.lines).toEqual([expect.stringMatching(/^closed \d+$/)]);
});

test("idle", async () => {
  const process = leave(freshPlace(), "idle");
  await process.line(started);
  const { closing, lingering } = await leaving(process);
  console.info(`idle: closed in ${closing} ms`);
  expect(closing).toBeLessThan(3_000);
  expect(lingering).toBeLessThan(2_000);
});

test("under load: what it leaves behind is done by another", async () => {
  const place = freshPlace();
  const process = leave(place, "loaded");
  await process.line((line) => line === "result");
  const { closing, lingering } = await leaving(process);
  console.info(`under load: closed in ${closing} ms`);
  expect(closing).toBeLessThan(8_000);
  expect(lingering).toBeLessThan(2_000);
  const codes = new Set(process.lines.filter((line) => line.startsWith("no")));
  expect([...codes].sort()).toEqual(["no result CLOSED", "not enqueued CLOSED"]);
  const { semel } = stage(place);
  expect(await semel.workers()).toEqual([]);
  expect(await semel.counts()).toMatchObject([{ running: 0 }]);
});

test("while Redis is down, has stopped answering, or was never there", { timeout: 90_000 }, async () => {
  const [down, silent] = await Promise.all([privateServer(), privateServer()]);
  const loaded = leave(freshPlace(down.url), "loaded");
  const unheard = leave(freshPlace(silent.url), "loaded");
  await Promise.all([loaded, unheard].map((process) => process.line((line) => line === "result")));
  await down.kill();
  await silent.pause();
  const inVain = leave(freshPlace(down.url), "idle");
  await loaded.line((line) => line.startsWith("not enqueued QUEUE_UNAVAILABLE"));
  await inVain.line((line) => line.startsWith("worker.problem"));
  const all = await Promise.all([loaded, unheard, inVain].map(leaving));
  const told = all.map(({ closing }) => `${closing} ms`);
  console.info(`closed in ${told[0]} with Redis down, ${told[1]} with Redis silent, ${told[2]} without any Redis ever`);
  // A call to a server that is silent is waited for until its deadline; one that is down says so at once.
  const limits = [15_000, 25_000, 15_000];
  expect(all.map(({ closing }, at) => closing < (limits[at] ?? 0))).toEqual([true, true, true]);
  expect(Math.max(...all.map(({ lingering }) => lingering))).toBeLessThan(2_000);
});
