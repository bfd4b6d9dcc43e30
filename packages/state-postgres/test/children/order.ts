// Writes orders and enqueues a job for each, one transaction after the other, until the test kills it. Its queue takes
// nothing and answers nothing: whatever was committed is still to be given to one when it dies.
import { createSemel, defineJob } from "@semel/core";
import { MemoryQueue } from "@semel/core/memory";
import pg from "pg";
import { z } from "zod";
import { postgresStore } from "../../src/index.ts";

const [url = "", schema = ""] = process.argv.slice(2);
const ship = defineJob({
  type: "ship",
  payload: z.object({ order: z.string() }),
  result: z.string(),
  correlation: ["order"],
});
const queue = new MemoryQueue();
queue.add = () => new Promise(() => {});
const pool = new pg.Pool({ connectionString: url });
const store = postgresStore({ client: pool, schema });
const semel = createSemel({ queue, store, deadLetters: store, logger: false });
await semel.ready();

const client = await pool.connect();
for (let n = 0; ; n++) {
  await client.query("BEGIN");
  await client.query(`INSERT INTO ${schema}.orders VALUES ($1)`, [`${n}`]);
  await semel.enqueue(ship, { order: `${n}` }, { transaction: client });
  await client.query("COMMIT");
  console.log(`committed ${n}`);
}
