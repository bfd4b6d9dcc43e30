import { expect, test } from "vitest";
import { VirtualClock } from "../src/virtual-clock.ts";

/** A clock whose timers write down their name and time. */
function recorded(clock: VirtualClock = new VirtualClock()) {
  const fired: [string, number][] = [];
  const set = (name: string, delayMs: number, then?: () => void) =>
    clock.timer(delayMs, () => {
      fired.push([name, clock.monotonic()]);
      then?.();
    });
  return { clock, fired, set };
}

test("time stands still until it is told to pass", async () => {
  const { clock, fired, set } = recorded();
  const startedAt = clock.now();
  set("a", 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect([clock.now(), clock.monotonic(), fired]).toEqual([startedAt, 0, []]);
  await clock.advance(500);
  expect([clock.now(), clock.monotonic()]).toEqual([startedAt + 500, 500]);
});

test("timers fire in the order of their times, then of their creation, each at its own time", async () => {
  const { clock, fired, set } = recorded();
  set("late", 30);
  set("first of two", 10);
  set("second of two", 10);
  set("never", 31);
  set("at once", -5);
  await clock.advance(30);
  expect(fired).toEqual([
    ["at once", 0],
    ["first of two", 10],
    ["second of two", 10],
    ["late", 30],
  ]);
  expect(clock.pending).toBe(1);
});

test("what a timer sets off settles, and may set timers, before time goes on", async () => {
  const { clock, fired, set } = recorded();
  set(
    "outer",
    10,
    () =>
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => set("inner", 5)),
  );
  set("later", 20);
  await clock.advance(20);
  expect(fired).toEqual([
    ["outer", 10],
    ["inner", 15],
    ["later", 20],
  ]);
});

test("real work is waited for where the clock is told how", async () => {
  let isDone = false;
  const clock = new VirtualClock({
    async settle() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      isDone = true;
    },
  });
  await clock.advance(0);
  expect(isDone).toBe(true);
});

test("a cancelled timer does not fire, and cancelling late or twice does nothing", async () => {
  const { clock, fired, set } = recorded();
  const doomed = set("doomed", 10);
  const done = set("done", 5);
  doomed.cancel();
  doomed.cancel();
  expect(clock.pending).toBe(1);
  await clock.advance(10);
  done.cancel();
  expect(fired).toEqual([["done", 5]]);
});

test("the next timer's time is told, also from where the wall clock stands now", () => {
  const { clock, set } = recorded();
  expect(clock.nextAt).toBeUndefined();
  set("far", 100);
  set("near", 40);
  expect(clock.nextAt).toBe(clock.now() + 40);
  clock.jump(-3_600_000);
  expect(clock.nextAt).toBe(clock.now() + 40);
});

test("a jump of the wall clock moves neither the monotonic clock nor a timer", async () => {
  const { clock, fired, set } = recorded(new VirtualClock({ startAt: 1_000_000 }));
  set("a", 100);
  clock.jump(3_600_000);
  await clock.advance(99);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([4_600_099, 99, []]);
  clock.jump(-3_600_000);
  await clock.advance(1);
  expect(fired).toEqual([["a", 100]]);
});

test("what a timer throws reaches whoever turns the clock, which goes on afterwards", async () => {
  const { clock, fired, set } = recorded();
  clock.timer(1, () => {
    throw new Error("from a timer");
  });
  set("after", 2);
  await expect(clock.advance(5)).rejects.toThrow("from a timer");
  await clock.advance(5);
  expect(fired).toEqual([["after", 2]]);
});

test("time cannot go back, nor be turned by two at once", async () => {
  const { clock } = recorded();
  await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
  const first = clock.advance(1);
  await expect(clock.advance(1)).rejects.toThrow("being advanced already");
  await first;
});
