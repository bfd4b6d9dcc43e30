import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/runtime/clock.ts";
import { NoAnswer } from "../src/runtime/deadline.ts";
import { Gatherer } from "../src/runtime/gatherer.ts";

function stage(options?: { maxItems?: number; maxCalls?: number }) {
  const open: (() => void)[] = [];
  const call = vi.fn(
    (items: readonly number[]) =>
      new Promise<number[]>((resolve) => open.push(() => resolve(items.map((item) => item * 10)))),
  );
  return { call, open, gatherer: new Gatherer<number, number>(call, options) };
}
const microtasks = () => new Promise((resolve) => setImmediate(resolve));

describe("gatherer", () => {
  it("sends a lone item before the event loop goes on", async () => {
    const { call, open, gatherer } = stage();
    const answer = gatherer.send(1);
    let hasGoneOn = false;
    const immediate = setImmediate(() => {
      hasGoneOn = true;
    });
    expect(call).not.toHaveBeenCalled();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    clearImmediate(immediate);
    expect(hasGoneOn).toBe(false);
    expect(call).toHaveBeenCalledExactlyOnceWith([1]);
    open[0]?.();
    expect(await answer).toBe(10);
  });

  it("sends what comes in one turn together, in order, also from later microtasks of it", async () => {
    const { call, open, gatherer } = stage();
    const after = (ticks: number, item: number): Promise<number> =>
      ticks === 0 ? gatherer.send(item) : Promise.resolve().then(() => after(ticks - 1, item));
    const answers = Promise.all([0, 1, 5].map((ticks, at) => after(ticks, at + 1)));
    await microtasks();
    expect(call).toHaveBeenCalledExactlyOnceWith([1, 2, 3]);
    open[0]?.();
    expect(await answers).toEqual([10, 20, 30]);
  });

  it("gathers while its calls are under way, and sends the rest when one ends", async () => {
    const { call, open, gatherer } = stage({ maxCalls: 2, maxItems: 2 });
    const all = [1, 2, 3, 4, 5, 6].map((item) => gatherer.send(item));
    await microtasks();
    expect(call.mock.calls).toEqual([[[1, 2]], [[3, 4]]]);
    open[1]?.();
    expect(await Promise.all(all.slice(2, 4))).toEqual([30, 40]);
    await microtasks();
    expect(call.mock.calls[2]).toEqual([[5, 6]]);
    open[0]?.();
    open[2]?.();
    expect(await Promise.all(all)).toHaveLength(6);
  });

  it("fails all of a failed call and none of the next", async () => {
    const call = vi
      .fn()
      .mockRejectedValueOnce(new Error("down"))
      .mockImplementation(async (items: number[]) => items);
    const gatherer = new Gatherer<number, number>(call);
    const failed = await Promise.allSettled([gatherer.send(1), gatherer.send(2)]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await gatherer.send(3)).toBe(3);
  });

  it("sends the items of a failed call one by one where that may help, and fails only the culprit", async () => {
    const call = vi.fn(async (items: readonly number[]) => {
      if (items.includes(2)) throw new Error("poison");
      return [...items];
    });
    const gatherer = new Gatherer<number, number>(call, { mayResend: () => true });
    const settled = await Promise.allSettled([1, 2, 3].map((item) => gatherer.send(item)));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(call.mock.calls).toEqual([[[1, 2, 3]], [[1]], [[2]], [[3]]]);
  });

  it("gives up what is not answered in time, and does not send it any more if it has not left", async () => {
    const { call, open, gatherer } = stage({ maxCalls: 1 });
    const timers: (() => void)[] = [];
    const timer = (_ms: number, fire: () => void) => ({ cancel: () => {}, index: timers.push(fire) });
    const clock = { ...systemClock, timer };
    const patience = { clock, ms: 40, what: "the test" };
    const first = gatherer.send(1, patience);
    await microtasks();
    const second = gatherer.send(2, patience);
    const third = gatherer.send(3, patience);
    timers[0]?.();
    timers[1]?.();
    await expect(first).rejects.toThrow("the test did not answer within 40 ms");
    await expect(second).rejects.toThrow(NoAnswer);
    open[0]?.();
    await vi.waitFor(() => expect(call).toHaveBeenCalledTimes(2));
    open[1]?.();
    expect(await third).toBe(30);
    expect(call.mock.calls).toEqual([[[1]], [[3]]]);
  });

  it("keeps no timer of what was answered or refused", async () => {
    const cancel = vi.fn();
    const patience = { clock: { ...systemClock, timer: () => ({ cancel }) }, ms: 40, what: "the test" };
    const gatherer = new Gatherer<number, number>(async ([item = 0]) => (item > 0 ? [item] : Promise.reject(item)));
    await gatherer.send(1, patience);
    expect(cancel).toHaveBeenCalledOnce();
    await expect(gatherer.send(0, patience)).rejects.toBe(0);
    expect(cancel).toHaveBeenCalledTimes(2);
  });

  it("notices an answer that is missing", async () => {
    const gatherer = new Gatherer<number, number>(async () => [1]);
    const [first, second] = await Promise.allSettled([gatherer.send(1), gatherer.send(2)]);
    expect(first).toMatchObject({ status: "fulfilled", value: 1 });
    expect(second).toMatchObject({ status: "rejected", reason: { message: "1 answers came for 2 questions" } });
  });
});
