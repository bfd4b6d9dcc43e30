// Starts a private Redis, the API and workers, and drives them as a client would: over HTTP, and with signals.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "@semel/repo-tools/redis";
import { readLedger } from "../src/provider.ts";
import { Program, until } from "./program.ts";

interface Answer {
  readonly status: number;
  readonly location: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API says, which is what is checked here
  readonly body: any;
}

const startedAt = performance.now();
const limitMs = 60_000;
setTimeout(() => {
  console.error(`✗ not done within ${limitMs} ms`);
  process.exit(1);
}, limitMs).unref();

const temp = mkdtempSync(join(tmpdir(), "semel-example-02-"));
process.once("exit", () => rmSync(temp, { recursive: true, force: true }));
const ledger = join(temp, "ledger.jsonl");
const redis = await startRedis({ appendonly: true });
const env = { REDIS_URL: redis.url, LEDGER: ledger, PORT: "0" };

const api = new Program("api", env);
const address = await api.printing(/^api on (\S+),/m);
const programs = [api];

/** A worker that says it takes jobs, which it does a moment later. */
async function startWorker(): Promise<Program> {
  const worker = new Program("worker", env);
  programs.push(worker);
  await worker.printing(/^worker (\d+) takes/m);
  return worker;
}

async function ask(path: string, body?: object): Promise<Answer> {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(address + path, body && post);
  return { status: answer.status, location: answer.headers.get("location"), body: await answer.json() };
}

const isState = (id: string, state: string, boundMs?: number): Promise<Answer["body"]> =>
  until(
    `${id} is ${state}`,
    async () => (await ask(`/jobs/${id}`)).body.state === state && ask(`/jobs/${id}`),
    boundMs,
  );

/** Waits until at least so much of the job is done while it is still running. */
const isPast = (id: string, fraction: number): Promise<unknown> =>
  until(`${id} is past ${fraction}`, async () => {
    const { state, progress } = (await ask(`/jobs/${id}`)).body;
    assert.notEqual(state, "completed", "it was to be looked at while it runs");
    return state === "running" && progress?.fraction >= fraction;
  });

const textOf = (title: string, chunks: number): string =>
  Array.from({ length: chunks }, (_, at) => `${title}, chunk ${at + 1}`).join("\n\n");

/** The ledger's lines of one document: how often each of its chunks was called for, and charged. */
function bill(
  title: string,
  chunks: number,
): { readonly calls: readonly number[]; readonly charges: readonly number[] } {
  const lines = readLedger(ledger);
  const counted = (isCharge: boolean): number[] =>
    Array.from({ length: chunks }, (_, at) => {
      const text = `${title}, chunk ${at + 1}`;
      return lines.filter((line) => line.text === text && (line.charged || !isCharge)).length;
    });
  return { calls: counted(false), charges: counted(true) };
}
const once = (chunks: number): number[] => Array.from({ length: chunks }, () => 1);

async function check(title: string, work: () => Promise<void>): Promise<void> {
  const from = performance.now();
  await work().catch((error: unknown) => {
    console.error(`✗ ${title}`);
    for (const { printed } of programs) console.error(printed.replace(/^/gm, "  | "));
    throw error;
  });
  console.log(`✓ ${title} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
}

const document = { documentId: "canon", text: textOf("canon", 5) };
let id = "";
let worker: Program;

await check("a document is accepted while no worker is there, and explain says so", async () => {
  const accepted = await ask("/documents", document);
  assert.equal(accepted.status, 202);
  assert.equal(accepted.body.outcome, "created");
  id = accepted.body.id;
  assert.equal(accepted.location, `/jobs/${id}`);
  assert.equal((await ask(`/jobs/${id}`)).body.state, "pending");
  assert.equal((await ask(`/explain/${id}`)).body[0].code, "no-worker");
  assert.deepEqual((await ask("/documents", document)).body, { id, outcome: "duplicate" });
});

await check("Bull Board shows the lane and the job in it, under its type", async () => {
  const page = await fetch(`${address}/board`);
  assert.equal(page.status, 200);
  const [script = ""] = /static\/js\/[^"]+\.js/.exec(await page.text()) ?? [];
  assert.equal(
    (await fetch(`${address}/board/${script}`)).headers.get("content-type"),
    "text/javascript; charset=utf-8",
  );
  const listed = (await ask("/board/api/queues")).body.queues;
  assert.equal(listed.length, 1);
  const [{ name, displayName, readOnlyMode, counts }] = listed;
  assert.deepEqual([displayName, readOnlyMode, counts.waiting], ["embed-document", true, 1]);
  const { queues } = (await ask(`/board/api/queues?activeQueue=${encodeURIComponent(name)}&status=waiting`)).body;
  assert.deepEqual(
    queues[0].jobs.map((job: { id: string; name: string }) => [job.id, job.name]),
    [[id, "embed-document"]],
  );
});

await check("a worker starts, its progress is seen from the API, and the job completes", async () => {
  worker = await startWorker();
  await isPast(id, 0.2);
  const { body } = await isState(id, "completed");
  assert.deepEqual(body.result, { chunks: 5, dimensions: 8 });
  assert.deepEqual(bill("canon", 5), { calls: once(5), charges: once(5) });
});

await check("the same document again is replayed and costs nothing", async () => {
  const again = await ask("/documents", document);
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, { id, outcome: "replayed", result: { chunks: 5, dimensions: 8 } });
  assert.deepEqual(bill("canon", 5).calls, once(5));
});

await check("a cancel through the API stops the job in the worker within 2 s", async () => {
  const { body } = await ask("/documents", { documentId: "long", text: textOf("long", 40) });
  await isPast(body.id, 0.02);
  assert.deepEqual((await ask(`/jobs/${body.id}/cancel`, {})).body, { is: "requested" });
  await isState(body.id, "cancelled", 2_000);
  const paid = bill("long", 40).calls.reduce((sum, calls) => sum + calls, 0);
  assert(paid < 10, `${paid} calls`);
});

await check("kill -9 in the middle: a second worker completes the job, and every chunk is charged once", async () => {
  const { body } = await ask("/documents", { documentId: "killed", text: textOf("killed", 8) });
  await isPast(body.id, 0.3);
  assert.equal((await worker.end("SIGKILL")).code, "SIGKILL");
  worker = await startWorker();
  const { crashes, result } = (await isState(body.id, "completed", 20_000)).body;
  assert.deepEqual([crashes, result.chunks], [1, 8]);
  const { calls, charges } = bill("killed", 8);
  assert.deepEqual(charges, once(8));
  // The one window: the call whose answer was not on record yet is made again, under the same key.
  assert(calls.filter((made) => made > 1).length <= 1 && Math.max(...calls) <= 2, `calls: ${calls}`);
});

await check("SIGTERM in the middle: exit 0 in time, and another worker goes on where it stopped", async () => {
  const { body } = await ask("/documents", { documentId: "moved", text: textOf("moved", 16) });
  await isPast(body.id, 0.1);
  const { code, tookMs } = await worker.end("SIGTERM");
  assert.equal(code, 0);
  assert.match(worker.printed, /^worker closed$/m);
  assert(tookMs < 6_000, `${tookMs} ms`); // 2 s for what runs, 4 s to give back the rest
  assert.equal((await ask(`/jobs/${body.id}`)).body.state, "retrying");
  worker = await startWorker();
  const { crashes, attempt } = (await isState(body.id, "completed")).body;
  assert.deepEqual([crashes, attempt], [0, 1]);
  assert.deepEqual(bill("moved", 16).charges, once(16));
});

await check("what makes no sense is refused with a code", async () => {
  assert.deepEqual((await ask("/documents", { documentId: "", text: "" })).body.code, "PAYLOAD_INVALID");
  assert.equal((await ask("/jobs/nobody")).status, 400); // no job can have such an id
  assert.equal((await ask(`/jobs/${"0".repeat(32)}.nobody`)).status, 404);
});

await check("SIGTERM ends the idle worker and the API with exit 0", async () => {
  const ends = await Promise.all([worker.end("SIGTERM"), api.end("SIGTERM")]);
  for (const { code, tookMs } of ends) {
    assert.equal(code, 0);
    assert(tookMs < 3_000, `${tookMs} ms`);
  }
});

await redis.stop();
console.log(`all of it in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exit(0);
