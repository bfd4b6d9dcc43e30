import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createSemel, defineJob, processor } from "@semel/core";
import { MemoryQueue } from "@semel/core/memory";
import { waitFor } from "@semel/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { postgresStore } from "../src/index.ts";
import { fresh, pool, serverUrl } from "./databases.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs `children/order.ts` until it has committed so many, and kills it wherever it is then. */
async function killAfter(commits: number, schema: string): Promise<void> {
  const program = ["--import", at("support/sources.mjs"), at("children/order.ts"), serverUrl(), schema];
  const child = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== `committed ${commits - 1}`) continue;
    child.kill("SIGKILL");
    break;
  }
  const [, signal] = await ended;
  expect(signal).toBe("SIGKILL");
}

describe("a process that is killed while it enqueues in transactions", () => {
  const client = pool(4);

  test("leaves a job for every row, and none without", { timeout: 240_000 }, async () => {
    const schema = fresh("killed");
    await client().query(`CREATE SCHEMA ${schema}`);
    await client().query(`CREATE TABLE ${schema}.orders (id text)`);
    await killAfter(7, schema);

    // What the one that died had in hand is anybody's in ten seconds. They need not be waited for.
    await client().query(`UPDATE ${schema}.outbox SET due_at = 0`);
    const ship = defineJob({
      type: "ship",
      payload: z.object({ order: z.string() }),
      result: z.string(),
      correlation: ["order"],
    });
    const shipped: string[] = [];
    const store = postgresStore({ client: client(), schema });
    const semel = createSemel({ queue: new MemoryQueue(), store, deadLetters: store, logger: false });
    semel.worker({
      processors: [
        processor(ship, async ({ payload }) => {
          shipped.push(payload.order);
          return "shipped";
        }),
      ],
    });
    const { rows } = await client().query<{ id: string }>(`SELECT id FROM ${schema}.orders`);
    const ordered = rows.map(({ id }) => id).sort();
    expect(ordered.length).toBeGreaterThanOrEqual(7);
    await waitFor(() => shipped.length >= ordered.length, { what: "every order to be shipped", deadlineMs: 60_000 });
    await waitFor(async () => (await client().query(`SELECT FROM ${schema}.outbox`)).rowCount === 0, {
      what: "the outbox to be empty",
      deadlineMs: 60_000,
    });
    expect(shipped.sort()).toEqual(ordered);
    await semel.close();
  });
});
