import { PGlite } from "@electric-sql/pglite";
import { type Clock, systemClock } from "@semel/core/adapter";
import { expect, test } from "vitest";
import { Upkeep } from "../src/upkeep.ts";

test("every minute, tables are cleaned and the log is shortened", { timeout: 60_000 }, async () => {
  const db = await PGlite.create();
  let turn = (): void => undefined;
  const clock: Clock = {
    ...systemClock,
    timer(delayMs, fire) {
      expect(delayMs).toBe(60_000);
      turn = fire;
      return { cancel: () => undefined };
    },
  };
  const upkeep = new Upkeep(db, clock);
  await db.exec("CREATE TABLE work (id int PRIMARY KEY, body text)");
  for (let round = 0; round < 3; round++) {
    await db.exec("INSERT INTO work SELECT n, repeat('x', 1000) FROM generate_series(1, 8000) n; DELETE FROM work");
  }
  const size = async (): Promise<number> =>
    Number((await db.query<{ size: number }>("SELECT pg_table_size('work') AS size")).rows[0]?.size);
  const log = async (): Promise<number> =>
    Number(
      (
        await db.query<{ bytes: number }>(
          "SELECT pg_current_wal_lsn() - redo_lsn AS bytes FROM pg_control_checkpoint()",
        )
      ).rows[0]?.bytes,
    );
  expect(await size()).toBeGreaterThan(5_000_000);
  expect(await log()).toBeGreaterThan(16 * 1024 * 1024);
  turn();
  await expect.poll(size, { timeout: 10_000 }).toBeLessThan(1_000_000);
  await expect.poll(log, { timeout: 10_000 }).toBeLessThan(1_000_000);
  await upkeep.close();
  await db.close();
});
