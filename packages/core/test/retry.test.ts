import { describe, expect, it } from "vitest";
import { DeferError, NonRetryableError, RetryAfterError } from "../src/errors/thrown.ts";
import { QueueUnavailableError } from "../src/errors/unavailable.ts";
import { ModelError } from "../src/index.ts";
import { backoffMs, backoffPolicy, stepMs } from "../src/retry/backoff.ts";
import { classify } from "../src/retry/classify.ts";

/** A linear congruential generator: plain, and the same every time. */
function seeded(seed = 7): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe("backoff", () => {
  const policy = backoffPolicy();

  it("defaults to five attempts, one second doubling to five minutes, full jitter", () => {
    expect(policy).toEqual({ maxAttempts: 5, baseMs: 1_000, capMs: 300_000, jitter: "full" });
    expect([1, 2, 3, 4, 5, 20].map((failures) => stepMs(policy, failures))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 300_000,
    ]);
  });

  it("spreads full jitter evenly over the step", () => {
    const random = seeded();
    const samples = Array.from({ length: 10_000 }, () => backoffMs(policy, 4, random));
    const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
    expect(Math.min(...samples)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...samples)).toBeLessThanOrEqual(8_000);
    expect(mean).toBeGreaterThan(3_850);
    expect(mean).toBeLessThan(4_150);
  });

  it("is never short with equal jitter", () => {
    const random = seeded();
    const equal = backoffPolicy({ jitter: "equal" });
    const samples = Array.from({ length: 10_000 }, () => backoffMs(equal, 4, random));
    expect(Math.min(...samples)).toBeGreaterThanOrEqual(4_000);
    expect(Math.max(...samples)).toBeLessThanOrEqual(8_000);
  });

  it("takes a server's hint as a floor and adds at most a tenth", () => {
    const random = seeded();
    for (let sample = 0; sample < 1_000; sample++) {
      const wait = backoffMs(policy, 1, random, 20_000);
      expect(wait).toBeGreaterThanOrEqual(20_000);
      expect(wait).toBeLessThanOrEqual(22_000);
    }
  });

  it("neither overflows nor passes its cap at any number of failures", () => {
    for (const failures of [1_000, 100_000, Number.MAX_SAFE_INTEGER]) {
      expect(stepMs(policy, failures)).toBe(300_000);
      expect(backoffMs(policy, failures, () => 0.999_999)).toBeLessThanOrEqual(300_000);
    }
  });

  it("refuses options that cannot be meant", () => {
    expect(() => backoffPolicy({ maxAttempts: 0 })).toThrow("retry.maxAttempts: expected a whole number from 1, got 0");
    expect(() => backoffPolicy({ base: "5" as "5s" })).toThrow(/retry.base: expected a duration with a unit/);
    expect(() => backoffPolicy({ jitter: "some" as "full" })).toThrow(/retry.jitter/);
  });
});

describe("classification", () => {
  const now = Date.UTC(2026, 10, 21);

  it("takes Semel's own errors at their word", () => {
    expect(classify(new NonRetryableError("x"), now)).toEqual({ class: "fail" });
    // The enqueue of a processor whose process may not: another process, or a mended password, does the job.
    const cause = Object.assign(new Error("NOPERM"), { isRetryable: false });
    expect(classify(new QueueUnavailableError("refused", "a", { cause }), now)).toMatchObject({ class: "retry" });
    expect(classify(new RetryAfterError("20s"), now)).toEqual({ class: "retry", hintMs: 20_000 });
    expect(classify(new DeferError("busy", "30s"), now)).toEqual({ class: "defer", hintMs: 30_000 });
    const said = { failureClass: "defer", retryAfterMs: 7, maxAttempts: 2, provider: "p", model: "m" } as const;
    expect(classify(new ModelError("MODEL_BUSY", "busy", said), now)).toEqual({
      class: "defer",
      hintMs: 7,
      maxAttempts: 2,
    });
  });

  it("knows them from another copy of the package", () => {
    const copy = Object.assign(new Error("x"), {
      code: "NON_RETRYABLE",
      isRetryable: false,
      [Symbol.for("semel.error")]: true,
    });
    expect(classify(copy, now)).toEqual({ class: "fail" });
  });

  it.each([
    [400, "fail"],
    [401, "fail"],
    [404, "fail"],
    [413, "fail"],
    [422, "fail"],
    [408, "retry"],
    [409, "retry"],
    [429, "defer"],
    [500, "retry"],
    [502, "retry"],
    [503, "retry"],
  ])("reads a status of %i as %s", (status, expected) => {
    expect(classify(Object.assign(new Error("x"), { status }), now).class).toBe(expected);
    expect(classify({ statusCode: status }, now).class).toBe(expected);
  });

  it.each([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["milliseconds", { "retry-after-ms": "250" }, 250],
    ["a date", { "retry-after": new Date(now + 60_000).toUTCString() }, 60_000],
    ["an hour at most", { "retry-after": "999999" }, 3_600_000],
  ])("reads Retry-After as %s", (_name, headers, hintMs) => {
    expect(classify({ status: 429, headers }, now)).toEqual({ class: "defer", hintMs });
    expect(classify({ status: 503, headers: new Headers(headers as Record<string, string>) }, now)).toEqual({
      class: "defer",
      hintMs,
    });
  });

  it("ignores a hint that has passed or says nothing", () => {
    expect(classify({ status: 500, headers: { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" } }, now)).toEqual({
      class: "retry",
      hintMs: undefined,
    });
    expect(classify({ status: 500, headers: { "retry-after": "soon" } }, now)).toEqual({
      class: "retry",
      hintMs: undefined,
    });
    expect(
      classify(
        {
          status: 500,
          headers: {
            get: () => {
              throw new Error("x");
            },
          },
        },
        now,
      ),
    ).toEqual({ class: "retry", hintMs: undefined });
  });

  it.each([["text"], [null], [undefined], [7], [new TypeError("x")], [Object.freeze({})]])(
    "gives %o another attempt",
    (thrown) => {
      expect(classify(thrown, now).class).toBe("retry");
    },
  );
});
