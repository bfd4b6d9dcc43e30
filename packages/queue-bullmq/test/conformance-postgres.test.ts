import { startPostgres } from "@semel/repo-tools/postgres";
import { describeQueue, realTime } from "@semel/testing/suites";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { bullmqQueue } from "../src/index.ts";

let server: Awaited<ReturnType<typeof startPostgres>>;
/** A pool for each queue, as each process has one. */
const open = () =>
  bullmqQueue({
    postgres: () => new pg.Pool({ connectionString: server.url, max: 4 }),
    close: (pool) => (pool as pg.Pool).end(),
  });

beforeAll(async () => {
  server = await startPostgres();
}, 120_000);
afterAll(() => server.stop());

describeQueue({
  name: "BullMQ on PostgreSQL",
  features: open().features,
  create: () => ({ queue: open(), open, time: realTime({ shortMs: 500 }) }),
});
