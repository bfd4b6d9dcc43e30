import { startPostgres } from "@semel/repo-tools/postgres";
import { describeQueue, realTime } from "@semel/testing/suites";
import pg from "pg";
import { afterAll, beforeAll, describe } from "vitest";
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

// Most of what they do is wait, and every test has a namespace of its own. A longer `shortMs` makes up for the crowd.
describe.concurrent("several at once", () => {
  describeQueue({
    name: "BullMQ on PostgreSQL",
    features: open().features,
    create: () => ({ queue: open(), open, time: realTime({ shortMs: 1_000 }) }),
  });
});
