import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "@semel/core/adapter";
import { bullmqQueue } from "@semel/queue-bullmq";
import { startPostgres } from "@semel/repo-tools/postgres";
import { postgresStore } from "@semel/state-postgres";
import { describeFlows } from "@semel/testing/suites";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { embedded } from "../src/index.ts";

// One database for all: to make one takes longer than a flow does.
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "semel-flows-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describeFlows({ name: "flows, embedded", create: () => ({ backend: embedded(directory) }) });

// The same two adapters on a server: what a process is told of another's jobs it has to look up, as there are no signals.
let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  server = await startPostgres();
}, 120_000);
afterAll(() => server.stop());

const schema = (): string => `flows_${randomUUID().replaceAll("-", "").slice(0, 12)}`;

function onServer(names: { queue: string; store: string }): Backend {
  const store = postgresStore({ url: server.url, schema: names.store, connections: 4 });
  const queue = bullmqQueue({
    postgres: () => new pg.Pool({ connectionString: server.url, max: 4 }),
    close: (pool) => (pool as pg.Pool).end(),
    schema: names.queue,
  });
  return { queue, store, deadLetters: store };
}

describeFlows({
  name: "flows on PostgreSQL",
  create() {
    const names = { queue: schema(), store: schema() };
    return { backend: onServer(names), open: () => onServer(names) };
  },
});
