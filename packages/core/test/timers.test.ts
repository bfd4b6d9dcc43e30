import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/runtime/clock.ts";
import { Timers } from "../src/runtime/timers.ts";

const source = (path: string): string => new URL(`../src/runtime/${path}`, import.meta.url).href;

/** What a process of its own prints; it has to come to an end by itself. */
async function run(script: string): Promise<string> {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const args = ["--no-warnings", "--experimental-strip-types", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 20_000 });
  return stdout.trim();
}

describe("timers", () => {
  it("fire in the order of their time, those of one instant in the order in which they were set, and never early", async () => {
    const timers = new Timers();
    const startedAt = performance.now();
    const fired: string[] = [];
    const early: string[] = [];
    await new Promise<void>((resolve) => {
      const set = (name: string, delayMs: number): void => {
        const dueAt = performance.now() + delayMs;
        timers.set(delayMs, () => {
          fired.push(name);
          if (performance.now() < dueAt) early.push(name);
          if (fired.length === 5) resolve();
        });
      };
      set("late", 30);
      set("soon", 5);
      set("middle", 15);
      set("at once", 0);
      set("not a number", Number.NaN);
    });
    expect(fired).toEqual(["at once", "not a number", "soon", "middle", "late"]);
    expect(early).toEqual([]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30);
  });

  it("do not fire once they are cancelled, however many there are", async () => {
    const timers = new Timers();
    const fired: number[] = [];
    const set = Array.from({ length: 3_000 }, (_, index) => timers.set(2 + (index % 7), () => fired.push(index)));
    set.forEach((timer, index) => {
      if (index % 1_000 !== 0) timer.cancel();
    });
    await new Promise<void>((resolve) => timers.set(30, resolve));
    expect(fired.sort((a, b) => a - b)).toEqual([0, 1_000, 2_000]);
    // Too late, and twice: nothing happens.
    for (const timer of set) timer.cancel();
    await new Promise<void>((resolve) => timers.set(1, resolve));
  });

  it("may set and cancel others when they fire", async () => {
    const timers = new Timers();
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      timers.set(2, () => {
        fired.push("first");
        other.cancel();
        timers.set(0, () => {
          fired.push("next");
          resolve();
        });
      });
      const other = timers.set(3, () => fired.push("cancelled"));
    });
    expect(fired).toEqual(["first", "next"]);
  });

  it("keep the process alive unless they are in the background or cancelled", async () => {
    const printed = await run(`
      const { systemClock } = await import(${JSON.stringify(source("clock.ts"))});
      systemClock.timer(600_000, () => console.log("background"), "background");
      systemClock.timer(600_000, () => console.log("cancelled")).cancel();
      systemClock.timer(20, () => console.log("awaited"));
      systemClock.timer(3_000_000_000, () => console.log("too soon"), "background");
      systemClock.timer(600_000, () => console.log("cancelled, too")).cancel();
    `);
    expect(printed).toBe("awaited");
  });

  it("fire although another one threw", async () => {
    const printed = await run(`
      const { systemClock } = await import(${JSON.stringify(source("clock.ts"))});
      process.on("uncaughtException", (error) => console.log(error.message));
      systemClock.timer(5, () => { throw new Error("thrown"); });
      systemClock.timer(5, () => console.log("fired"));
    `);
    expect(printed.split("\n")).toEqual(["thrown", "fired"]);
  });
});

describe("the system's clock under fake timers", () => {
  afterEach(() => void vi.useRealTimers());

  it("obeys them, and none of its own is lost meanwhile", async () => {
    let isOver = false;
    const real = new Promise<void>((resolve) => systemClock.timer(20, resolve));
    vi.useFakeTimers();
    systemClock.timer(60_000, () => {
      isOver = true;
    });
    const cancelled = vi.fn();
    systemClock.timer(60_000, cancelled, "background").cancel();
    vi.advanceTimersByTime(59_999);
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(1);
    expect(isOver).toBe(true);
    expect(cancelled).not.toHaveBeenCalled();
    vi.useRealTimers();
    await real;
    await new Promise<void>((resolve) => systemClock.timer(1, resolve));
  });
});
