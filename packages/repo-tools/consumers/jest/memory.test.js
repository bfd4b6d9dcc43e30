const { createSemel, defineJob, processor, SemelError } = require("@semel/core");
const { memory } = require("@semel/core/memory");
const { createTestKit } = require("@semel/testing");
const { z } = require("zod");

const job = defineJob({
  type: "greet",
  payload: z.object({ name: z.string() }),
  result: z.string(),
  correlation: ["name"],
});
const greet = processor(job, ({ payload, once }) => once("say", () => `salve ${payload.name}`));

test("memory() works and lets the process go", async () => {
  const semel = createSemel({ ...memory(), logger: false });
  semel.worker({ processors: [greet] });
  const handle = await semel.enqueue(job, { name: "orbis" });
  expect(await handle.result()).toBe("salve orbis");
  expect((await semel.enqueue(job, { name: "orbis" })).outcome).toBe("replayed");
  await semel.close();
});

test("the test kit works and lets the process go", async () => {
  const kit = createTestKit({ processors: [greet] });
  const { id } = await kit.semel.enqueue(job, { name: "orbis" }, { delay: "1m" });
  expect(await kit.advance("2m")).toMatchObject({ completed: 1 });
  expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "salve orbis" });
  await kit.close();
});

test("errors are recognised although Jest has globals of its own", async () => {
  const semel = createSemel({ ...memory(), logger: false });
  const wrong = semel.enqueue(job, { name: 7 });
  await expect(wrong).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
  expect(SemelError.isInstance(await wrong.catch((error) => error))).toBe(true);
  await semel.close();
});

test("a client that is needed is found by require", async () => {
  const { redis } = require("@semel/redis");
  // Nobody listens there: to hear that, ioredis has been loaded.
  const semel = createSemel({ ...redis("redis://127.0.0.1:1"), logger: false, deadline: "2s" });
  await expect(semel.enqueue(job, { name: "nemo" })).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
  await semel.close();
});
