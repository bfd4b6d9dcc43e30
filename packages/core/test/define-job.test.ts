import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createSemel, defineJob, duration, Processor, processor } from "../src/index.ts";
import { definitionOf } from "../src/job/define-job.ts";
import { memory } from "../src/memory/index.ts";

const payload = z.object({ id: z.string() });

describe("defineJob", () => {
  it("fills in the defaults", () => {
    const job = definitionOf(defineJob({ type: "t", payload, correlation: ["id"] }));
    expect(job).toMatchObject({
      version: 1,
      tenant: "none",
      lane: "t",
      onCompleted: "replay",
      onDead: "rerun",
      keepMs: 7 * 86_400_000,
      timeoutMs: 900_000,
      deadlineMs: 86_400_000,
      leaseMs: 30_000,
      maxCrashes: 3,
      priority: undefined,
      keepPayload: false,
      retry: { maxAttempts: 5, baseMs: 1_000, capMs: 300_000, jitter: "full" },
    });
  });

  it("is frozen: a definition is shared", () => {
    expect(Object.isFrozen(defineJob({ type: "t", payload, correlation: "none" }))).toBe(true);
  });

  it.each([
    ["a type with a space", { type: "a b" }, /\.type: expected 1 to 100 characters .* got "a b"/],
    ["no schema", { payload: {} }, /payload: expected a Standard Schema/],
    [
      "no correlation",
      { correlation: undefined },
      /correlation: expected field names, a function, or "none", got undefined/,
    ],
    ["an empty correlation", { correlation: [] }, /correlation/],
    ["a bare number", { timeout: 30 }, /timeout: expected a duration with a unit, such as "30s" or "5m", got 30/],
    ["a month", { deadline: "1mo" }, /deadline/],
    ["a lease too short", { lease: "10ms" }, /lease: expected at least "1s"/],
    ["a window too long", { window: "9999d" }, /window: expected at most "400d"/],
    ["version 0", { version: 0 }, /version: expected a whole number from 1/],
    [
      "a gap in the upcasts",
      { version: 3, upcast: { 1: () => ({}) } },
      /upcast\[2\]: expected a function from version 2 to 3/,
    ],
    ["an unknown priority", { priority: "urgent" }, /priority/],
    ["an unknown tenancy", { tenant: "maybe" }, /tenant/],
    ["an unknown onDead", { onDead: "ignore" }, /onDead/],
  ])("refuses %s", (_name, wrong, message) => {
    expect(() => defineJob({ type: "t", payload, correlation: ["id"], ...wrong } as never)).toThrow(message);
    expect(() => defineJob({ type: "t", payload, correlation: ["id"], ...wrong } as never)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});

describe("processors and workers", () => {
  const job = defineJob({ type: "t", payload, correlation: ["id"] });

  it("a class keeps its job and takes its dependencies in the constructor", () => {
    class Embed extends Processor.of(job) {
      readonly model: string;
      constructor(model: string) {
        super();
        this.model = model;
      }
      async process() {}
    }
    expect(new Embed("m")).toMatchObject({ job, model: "m" });
    expect(new Embed("m")).toBeInstanceOf(Processor);
  });

  it("refuses what is no processor, none at all, and two of a type", () => {
    const semel = createSemel({ ...memory(), logger: false });
    const one = processor(job, async () => {});
    expect(() => processor(job, "x" as never)).toThrow(/expected a function/);
    expect(() => processor({} as typeof job, async () => {})).toThrow(/a job made by defineJob/);
    expect(() => semel.worker({ processors: [] })).toThrow(/at least one processor/);
    expect(() => semel.worker({ processors: [one, one] })).toThrow(/t has two/);
    expect(() => semel.worker({ processors: [{} as never] })).toThrow(/processor\(job, fn\)/);
    expect(() => semel.worker({ processors: [one], concurrency: 0 })).toThrow(/concurrency: expected a whole number/);
  });

  it("refuses a backend that is none, and a namespace that fits no key", () => {
    expect(() => createSemel({} as never)).toThrow(/a backend such as embedded/);
    expect(() => createSemel({ ...memory(), namespace: "a b" })).toThrow(/namespace/);
    expect(() => createSemel({ ...memory(), limits: { bytes: Number.POSITIVE_INFINITY } })).toThrow(/limits.bytes/);
  });
});

describe("duration", () => {
  it("takes text with a unit and refuses the rest", () => {
    for (const good of ["0s", "1.5s", "250ms", "7d"]) expect(duration(good)).toBe(good);
    for (const bad of ["", "5", "s", "5 s", "-5s", "1mo", "1e3s", "∞d", "99999999d"])
      expect(() => duration(bad)).toThrow(/expected a duration/);
  });
});
