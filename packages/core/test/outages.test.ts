import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { maySucceedLater } from "../src/errors/reason.ts";
import { SemelError } from "../src/errors/semel-error.ts";
import { QueueUnavailableError, StoreUnavailableError } from "../src/errors/unavailable.ts";
import { createSemel } from "../src/index.ts";
import { memory } from "../src/memory/index.ts";
import { checkNode } from "../src/runtime/node-version.ts";
import { root } from "./types/compile.ts";

describe("the message of an outage ends with its reason", () => {
  test.each([
    ["a reply", new Error("WRONGPASS invalid username-password pair"), ": WRONGPASS invalid username-password pair"],
    ["the first line of several", new Error("one\ntwo"), ": one"],
    [
      "an error of an address with two",
      Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" }),
      ": ECONNREFUSED",
    ],
    ["a long text, cut", new Error("x".repeat(1_000)), `: ${"x".repeat(299)}…`],
    ["a password, redacted", new Error("at redis://user:s3cr3t-pass@host"), ": at redis://user:[redacted]@host"],
  ])("%s", (_name, cause, end) => {
    expect(new StoreUnavailableError("status", { cause }).message).toBe(
      `the store, or the queue beside it, did not answer (status)${end}`,
    );
    expect(new QueueUnavailableError("refused", "a", { cause }).message).toBe(
      `the queue, or the store beside it, is unavailable; nothing was enqueued${end}`,
    );
  });
});

describe("whether the same call may succeed later", () => {
  const forbidden = Object.assign(new Error("NOPERM"), { isRetryable: false });
  test.each<[string, unknown, boolean]>([
    ["an outage", new Error("ECONNREFUSED"), true],
    ["a refusal that an adapter calls final", forbidden, false],
    [
      "the same, further down",
      new SemelError("STORE_UNAVAILABLE", "x", { cause: forbidden, isRetryable: true }),
      false,
    ],
    ["a defect of a program", new TypeError("Map.groupBy is not a function"), false],
    ["a name there is none of", new ReferenceError("x is not defined"), false],
    ["fetch, which reaches nobody", new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") }), true],
    ["nothing", undefined, true],
  ])("%s", (_name, cause, expected) => {
    expect(maySucceedLater(cause)).toBe(expected);
    expect(new QueueUnavailableError("unknown", "a", { cause }).isRetryable).toBe(expected);
    expect(new StoreUnavailableError("status", { cause }).isRetryable).toBe(expected);
  });
});

describe("Node", () => {
  afterEach(() => void vi.unstubAllGlobals());

  test("that is too old is refused at once, in one line that says what to do", () => {
    for (const old of ["20.19.4", "22.11.0", "18.0.0"])
      expect(() => checkNode(old)).toThrow(
        expect.objectContaining({ code: "NODE_TOO_OLD", message: expect.stringMatching(/^.*22\.12.*update Node$/) }),
      );
    for (const fine of ["22.12.0", "24.0.1", "100.0.0", undefined]) expect(() => checkNode(fine)).not.toThrow();
    const { engines } = JSON.parse(readFileSync(join(root, "packages/core/package.json"), "utf8"));
    expect(engines.node).toBe(">=22.12.0");
  });

  test("is looked at by createSemel", () => {
    const versions = { value: { ...process.versions, node: "20.19.4" } };
    vi.stubGlobal("process", Object.create(process, { versions }));
    expect(() => createSemel(memory())).toThrow(/22\.12/);
  });
});
