import { VirtualClock } from "@semel/testing";
import { expect, test } from "vitest";
import { LaneWatch } from "../src/lane-watch.ts";

function watched(over: { arrived?: () => number; hasRoom?: () => boolean; isOwed?: () => Promise<boolean> } = {}) {
  const clock = new VirtualClock();
  const seen = { stuck: 0, asked: 0 };
  const isOwed = over.isOwed ?? (async () => true);
  const watch = new LaneWatch({
    clock,
    arrived: over.arrived ?? (() => 0),
    hasRoom: over.hasRoom ?? (() => true),
    isOwed: () => {
      seen.asked += 1;
      return isOwed();
    },
    stuck: () => {
      seen.stuck += 1;
    },
  });
  return { clock, seen, watch };
}

test("a worker that is owed something at two looks in a row is stuck, 3 s after the last delivery", async () => {
  const { clock, seen } = watched();
  await clock.advance(2_900);
  expect(seen).toEqual({ stuck: 0, asked: 1 });
  await clock.advance(200);
  expect(seen).toEqual({ stuck: 1, asked: 2 });
});

test("one that was owed something at one look only is not", async () => {
  let looks = 0;
  const { clock, seen } = watched({ isOwed: async () => ++looks % 2 === 1 });
  await clock.advance(60_000);
  expect(seen.stuck).toBe(0);
});

test("nobody is asked while deliveries come, or while there is no room", async () => {
  let arrived = 0;
  const busy = watched({ arrived: () => ++arrived });
  const full = watched({ hasRoom: () => false });
  await Promise.all([busy.clock.advance(60_000), full.clock.advance(60_000)]);
  expect([busy.seen, full.seen]).toEqual([
    { stuck: 0, asked: 0 },
    { stuck: 0, asked: 0 },
  ]);
});

test("a delivery that comes while the broker is asked counts", async () => {
  let arrived = 0;
  const { clock, seen } = watched({
    arrived: () => arrived,
    isOwed: async () => {
      arrived += 1;
      return true;
    },
  });
  await clock.advance(60_000);
  expect(seen.asked).toBeGreaterThan(5);
  expect(seen.stuck).toBe(0);
});

test("a broker that cannot be asked is another matter, and looking goes on", async () => {
  let isDown = true;
  const { clock, seen } = watched({
    isOwed: async () => {
      if (isDown) throw new Error("down");
      return true;
    },
  });
  await clock.advance(20_000);
  expect(seen.stuck).toBe(0);
  isDown = false;
  await clock.advance(5_000);
  expect(seen.stuck).toBeGreaterThan(0);
});

test("replaced in vain it is looked at less and less often, and as before once a delivery came", async () => {
  let arrived = 0;
  const { clock, seen } = watched({ arrived: () => arrived });
  await clock.advance(600_000);
  expect(seen.stuck).toBeGreaterThan(10);
  expect(seen.stuck).toBeLessThan(20);
  const within80s = async (): Promise<number> => {
    const before = seen.stuck;
    await clock.advance(80_000);
    return seen.stuck - before;
  };
  expect(await within80s()).toBeLessThanOrEqual(2);
  arrived += 1;
  expect(await within80s()).toBeGreaterThanOrEqual(3);
});

test("it ends", async () => {
  const { clock, seen, watch } = watched();
  watch.end();
  await clock.advance(60_000);
  expect(seen.asked).toBe(0);
});
