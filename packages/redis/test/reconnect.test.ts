import { describe, expect, test } from "vitest";
import { brief, effect, steady } from "./support/effect-job.ts";
import { load } from "./support/load.ts";
import { admin, freshPlace, privateServer } from "./support/stage.ts";

/* Redis goes away and comes back. */

/** A length of time that is itself what is tested. */
const lasting = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("Redis is killed with -9 while jobs are enqueued and run", () => {
  test.each([
    { outageMs: 0, job: steady },
    { outageMs: 3_000, job: steady },
    { outageMs: 12_000, job: effect },
    // Longer than its lease: then what was under way may be repeated, under the same key.
    { outageMs: 3_000, job: brief },
  ])(
    "and returns after $outageMs ms: what was confirmed is done, within 5 s there is work again ($job.type)",
    async ({ outageMs, job }) => {
      const server = await privateServer();
      const running = load(freshPlace(server.url), job);
      await running.progress(100);
      await server.kill();
      const seen = running.confirmed.size;
      await lasting(outageMs);
      expect(running.confirmed.size - seen).toBeLessThan(20);
      await server.restart();
      const since = performance.now();
      await running.progress(1, 10_000);
      const first = performance.now() - since;
      await running.progress(50, 10_000);
      const { figures, broken } = await running.settled();
      console.info(
        `${outageMs} ms without Redis: first job ended ${Math.round(first)} ms after its return; ${figures}`,
      );
      expect(broken.filter((text) => job !== brief || !text.endsWith(": 2 times"))).toEqual([]);
      expect(new Set(running.ledger.entries().map(String)).size).toBe(2 * running.confirmed.size);
      expect(first).toBeLessThan(5_000);
      expect(running.longestMs()).toBeLessThan(6_000);
    },
  );
});

test("every connection is killed again and again, and scripts are forgotten, under load", async () => {
  const server = await privateServer();
  const running = load(freshPlace(server.url), steady);
  const operator = admin(server.url);
  await running.progress(20);
  for (let round = 0; round < 15; round++) {
    await operator.script("FLUSH");
    await operator.call("client", "kill", "type", "normal", "skipme", "yes");
    await operator.call("client", "kill", "type", "pubsub");
    await running.progress(10);
  }
  const { figures, broken, burnt } = await running.settled();
  console.info(`15 times all connections: ${figures}`);
  expect(broken).toEqual([]);
  // That Redis could not be reached is no failure of a job's.
  expect(burnt).toBe(0);
});
