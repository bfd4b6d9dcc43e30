import { describe, expect, it } from "vitest";
import { describeFailure } from "../src/errors/failure.ts";
import { OptionInvalidError } from "../src/errors/option-invalid.ts";
import { SemelError } from "../src/errors/semel-error.ts";
import { NonRetryableError } from "../src/errors/thrown.ts";
import { QueueUnavailableError } from "../src/errors/unavailable.ts";

describe("SemelError", () => {
  it("is recognised across copies, through its mark and not its class", () => {
    const copy = Object.assign(new Error("x"), { code: "TIMEOUT", [Symbol.for("semel.error")]: true });
    expect(SemelError.isInstance(copy)).toBe(true);
    expect(SemelError.isInstance(new NonRetryableError("x"))).toBe(true);
    for (const other of [new Error("x"), null, undefined, "x", {}]) expect(SemelError.isInstance(other)).toBe(false);
  });

  it("survives JSON with its code, keeps its cause, hides its mark", () => {
    const cause = new Error("socket");
    const error = new QueueUnavailableError("unknown", "abc", { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: "QueueUnavailableError",
      code: "QUEUE_UNAVAILABLE",
      isRetryable: true,
      details: { outcome: "unknown", id: "abc" },
    });
    expect(Object.keys(error)).not.toContain("Symbol(semel.error)");
    expect(error.message).toContain('{ id: "abc" }');
  });

  it("says of an option what was expected and what came", () => {
    expect(new OptionInvalidError("lease", "a duration", 5).message).toBe("lease: expected a duration, got 5");
    expect(new OptionInvalidError("lease", "a duration", "x".repeat(100)).message).toMatch(/got "x{60}…"$/);
  });
});

describe("describing what was thrown", () => {
  it.each([
    ["text", "boom", "PROCESSOR_FAILED", "boom"],
    ["null", null, "PROCESSOR_FAILED", "null was thrown"],
    ["undefined", undefined, "PROCESSOR_FAILED", "undefined was thrown"],
    ["a number", 7, "PROCESSOR_FAILED", "7 was thrown"],
    ["an error", new TypeError("bad"), "PROCESSOR_FAILED", "bad"],
    ["an error with a code", Object.assign(new Error("reset"), { code: "ECONNRESET" }), "ECONNRESET", "reset"],
    ["a frozen error", Object.freeze(new Error("cold")), "PROCESSOR_FAILED", "cold"],
    ["a plain object", { a: 1 }, "PROCESSOR_FAILED", "an object without a message was thrown (Object)"],
    [
      "a null-prototype object",
      Object.create(null),
      "PROCESSOR_FAILED",
      "an object without a message was thrown (Object)",
    ],
    ["a symbol", Symbol("s"), "PROCESSOR_FAILED", "Symbol(s) was thrown"],
  ])("reads %s", (_name, thrown, code, message) => {
    expect(describeFailure(thrown)).toMatchObject({ code, message });
  });

  it("survives an error whose getters throw, and a proxy that throws at everything", () => {
    const hostile = Object.defineProperties(new Error("x"), {
      message: {
        get: () => {
          throw new Error("error message threw an error");
        },
      },
      stack: {
        get: () => {
          throw new Error("no");
        },
      },
      name: {
        get: () => {
          throw new Error("no");
        },
      },
      cause: {
        get: () => {
          throw new Error("no");
        },
      },
    });
    const proxy = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        has: () => {
          throw new Error("no");
        },
      },
    );
    for (const thrown of [hostile, proxy])
      expect(describeFailure(thrown)).toMatchObject({ code: "PROCESSOR_FAILED", name: "Object" });
  });

  it("keeps five causes, twenty frames and two thousand characters", () => {
    let error = new Error("0");
    for (let depth = 1; depth < 9; depth++) error = new Error(String(depth), { cause: error });
    const failure = describeFailure(error);
    expect(failure.causes).toHaveLength(5);
    expect(failure.stack?.split("\n").length).toBeLessThanOrEqual(20);
    expect(describeFailure(new Error("x".repeat(5_000))).message).toHaveLength(2_000);
    const round = new Error("round");
    round.cause = round;
    expect(describeFailure(round).causes).toHaveLength(5);
  });

  it.each([
    ["an OpenAI key", `Incorrect API key provided: sk-${"a1B2".repeat(8)}`],
    ["a Google key in a URL", `GET https://host/v1?key=AIza${"x".repeat(35)}&alt=json failed`],
    ["a bearer token", "Authorization: Bearer abcdefghijklmnop.qrst-uv"],
    ["a password in a URL", "connect postgres://user:hunter2secret@db/x refused"],
    ["a JWT", `token eyJ${"a".repeat(20)}.eyJ${"b".repeat(20)}.sig`],
  ])("takes %s out of message, stack and causes", (_name, message) => {
    const secret = /sk-[a-z0-9]{10}|AIza|abcdefghijklmnop|hunter2secret|eyJa/i;
    const failure = describeFailure(new Error("outer", { cause: new Error(message) }));
    expect(JSON.stringify(failure)).not.toMatch(secret);
    expect(JSON.stringify(describeFailure(new Error(message)))).not.toMatch(secret);
    expect(JSON.stringify(failure)).toContain("[redacted]");
  });
});
