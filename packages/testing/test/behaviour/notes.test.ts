import { defineJob, type JobContext, processor } from "@semel/core";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

const job = defineJob({
  type: "routed",
  payload: z.object({ id: z.string() }),
  correlation: ["id"],
  result: z.unknown(),
  retry: { base: "1s", jitter: "equal", maxAttempts: 9 },
});
type Context = JobContext<typeof job>;

let kit: TestKit;
afterEach(() => kit.close());

async function run(process: (context: Context) => Promise<unknown>): Promise<unknown> {
  kit = createTestKit({ processors: [processor(job, process)] });
  const { id } = await kit.semel.enqueue(job, { id: "a" });
  await kit.advance("10m");
  const status = await kit.semel.status(job, id);
  return status?.state === "completed" ? status.result : status;
}

it("knows nothing before anything was remembered, and the same for ever after", async () => {
  const said: unknown[] = [];
  const result = await run(async ({ attempt, recall, remember }) => {
    said.push(await recall("route"));
    const route = await remember("route", `taken in attempt ${attempt}`);
    if (attempt < 3) throw new Error("not yet");
    return route;
  });
  expect(result).toBe("taken in attempt 1");
  expect(said).toEqual([undefined, "taken in attempt 1", "taken in attempt 1"]);
});

it("asked in vain, it can still be remembered by a later attempt", async () => {
  const result = await run(async ({ attempt, recall, remember }) => {
    const known = await recall<number>("route");
    if (attempt === 1) throw new Error("asked, and decided nothing");
    if (attempt === 2) {
      await remember("route", attempt);
      throw new Error("decided");
    }
    return known;
  });
  expect(result).toBe(2);
});

it("the first of two in one attempt stays", async () => {
  const result = await run(async ({ remember }) => {
    const first = await remember("route", "first");
    return [first, await remember("route", "second")];
  });
  expect(result).toEqual(["first", "first"]);
});

it("has nothing to do with a step of the same name, with a key or without", async () => {
  const result = await run(async ({ once, remember, recall }) => {
    await remember("a", 1);
    const steps = [await once("a", () => 2), await once("note", () => 3, { key: "a" })];
    return [...steps, await recall("a"), await recall("b")];
  });
  expect(result).toEqual([2, 3, 1, null]);
});

it("keeps a vector as a step does", async () => {
  const result = await run(async ({ attempt, recall, remember }) => {
    const known = await recall<Float32Array>("vector");
    if (known) return [known instanceof Float32Array, ...known];
    await remember("vector", new Float32Array([0.5, 1]));
    throw new Error(`attempt ${attempt}`);
  });
  expect(result).toEqual([true, 0.5, 1]);
});

it.each(["", "x".repeat(201)])("refuses a name that is none", async (name) => {
  const status = await run(({ recall }) => recall(name));
  expect(status).toMatchObject({ state: "dead", error: { code: "OPTION_INVALID" } });
});
