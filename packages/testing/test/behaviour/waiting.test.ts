import { createSemel, defineJob, type Enqueued, processor, type Semel } from "@semel/core";
import type { JobStore } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/index.ts";

/* Many who wait for results, and what that costs the store. */

const job = defineJob({ type: "work", payload: z.number(), correlation: "none", result: z.number() });

let clock: VirtualClock;
let semel: Semel;
/** How many records each call has read. */
let reads: number[];
let isDown: boolean;
beforeEach(() => {
  clock = new VirtualClock();
  reads = [];
  isDown = false;
  const { store, ...backend } = memory();
  const read: JobStore["read"] = (keys) => {
    reads.push(keys.length);
    return isDown ? Promise.reject(new Error("connection refused")) : store.read(keys);
  };
  const counting = new Proxy(store, {
    get(target, name) {
      if (name === "read") return read;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  semel = createSemel({ ...backend, store: counting, logger: false, runtime: { clock } });
});
afterEach(async () => {
  await Promise.all([semel.close({ deadline: "0s" }), clock.advance(60_000)]);
});

const work = () =>
  semel.worker({ concurrency: 1_000, processors: [processor(job, async ({ payload }) => payload * 2)] });
const enqueued = async (many: number): Promise<readonly Enqueued<typeof job>[]> =>
  (
    await semel.enqueueMany(
      job,
      Array.from({ length: many }, (_, n) => n),
    )
  ).accepted;
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

describe("many who wait for results", () => {
  it("read some hundreds of records in a call, the rarer the more they are", async () => {
    const waits = (await enqueued(1_200)).map((one) => one.result({ timeout: "1h" }));
    await clock.advance(12_000);
    // The first look, and one every 1.2 seconds, of 256 records a call.
    expect(reads.length).toBe(5 * 11);
    expect(Math.max(...reads)).toBe(256);
    work();
    await clock.advance(100);
    expect(await Promise.all(waits)).toEqual(Array.from({ length: 1_200 }, (_, n) => n * 2));
  });

  it("hold one timer together, besides that of each one's patience, and leave none behind", async () => {
    const before = clock.pending;
    const waits = (await enqueued(100)).map((one) => one.result({ timeout: "10s" }));
    await clock.advance(0);
    expect(clock.pending - before).toBeLessThanOrEqual(100 + 1 + 1);
    const codes = Promise.all(waits.map((one) => one.catch(codeOf)));
    await clock.advance(10_000);
    expect(new Set(await codes)).toEqual(new Set(["RESULT_TIMEOUT"]));
    // What is left watches for a type that nobody takes.
    expect(clock.pending - before).toBeLessThanOrEqual(1);
  });

  it("who wait for the same job share its looks", async () => {
    const [one] = await enqueued(1);
    const waits = Array.from({ length: 50 }, () => one?.result());
    await clock.advance(10_000);
    expect(reads.every((records) => records === 1)).toBe(true);
    expect(reads.length).toBeLessThanOrEqual(17);
    work();
    await clock.advance(1_100);
    expect(await Promise.all(waits)).toEqual(Array(50).fill(0));
  });
});

describe("one who waits", () => {
  it("looks after 60 ms, and at least once a second", async () => {
    const [one] = await enqueued(1);
    const wait = one?.result();
    await clock.advance(0);
    expect(reads.length).toBe(1);
    await clock.advance(60);
    expect(reads.length).toBe(2);
    await clock.advance(20_000);
    const soFar = reads.length;
    await clock.advance(10_200);
    expect(reads.length - soFar).toBe(10);
    work();
    await clock.advance(1_100);
    expect(await wait).toBe(0);
  });

  it("waits on while the store is down, and gives up in time all the same", async () => {
    const [one] = await enqueued(1);
    const patient = one?.result();
    const brief = one?.result({ timeout: "2s" }).catch(codeOf);
    isDown = true;
    await clock.advance(3_000);
    expect(await brief).toBe("RESULT_TIMEOUT");
    work();
    await clock.advance(1_000);
    isDown = false;
    await clock.advance(1_100);
    expect(await patient).toBe(0);
  });

  it("gives up at once when its signal fires or Semel is closed", async () => {
    const [one] = await enqueued(1);
    const stop = new AbortController();
    const stopped = one?.result({ signal: stop.signal }).catch((error: unknown) => error);
    const closed = one?.result().catch(codeOf);
    await clock.advance(500);
    stop.abort("enough");
    expect(await stopped).toBe("enough");
    expect(await one?.result({ signal: stop.signal }).catch((error: unknown) => error)).toBe("enough");
    await Promise.all([semel.close({ deadline: "0s" }), clock.advance(1_000)]);
    expect(await closed).toBe("CLOSED");
    expect(await one?.result().catch(codeOf)).toBe("CLOSED");
  });

  it("is told of an end that is on record, however short its patience", async () => {
    work();
    const [one] = await enqueued(1);
    await clock.advance(0);
    const wait = one?.result({ timeout: "0ms" });
    await clock.advance(0);
    expect(await wait).toBe(0);
  });
});
