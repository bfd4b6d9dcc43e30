// Optional peers that are asked for and are not installed: one line that names the fix.
import assert from "node:assert/strict";
import { createSemel, defineJob, SemelError } from "@semel/core";
import { memory } from "@semel/core/memory";
import { postgresStore } from "@semel/state-postgres";
import { z } from "zod";

const job = defineJob({ type: "greet", payload: z.object({ name: z.string() }), correlation: ["name"] });
const store = postgresStore({ url: "postgres://localhost/none" });
const semel = createSemel({ ...memory(), store, deadLetters: store, logger: false });
await assert.rejects(semel.enqueue(job, { name: "nemo" }), (error) => {
  assert.ok(SemelError.isInstance(error));
  const told = [error, error.cause].map((one) => one?.message ?? "").join("\n");
  assert.match(told, /npm install pg/);
  return true;
});
await semel.close();
console.log("told");
