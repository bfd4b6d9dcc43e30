import { describe, expect, it } from "vitest";
import { consoleLogger } from "../src/instrumentation/console-logger.ts";
import type { SemelEvent } from "../src/instrumentation/events.ts";
import { logHook } from "../src/instrumentation/log-hook.ts";
import { printable, redactPaths, redactStrings, redactText } from "../src/runtime/redact.ts";

const about = { at: 1_000_000, id: "k.1", type: "embed", tenant: undefined, attempt: 2, fence: 1 };
const error = {
  code: "ECONNRESET",
  name: "Error",
  message: "socket hang up",
  stack: "    at fetch (a.js:1)\n    at run (b.js:2)",
};

function logged(event: SemelEvent, level?: "debug"): string[] {
  const written: string[] = [];
  void logHook(consoleLogger({ write: (line) => written.push(line), colours: false, level })).onEvent(event);
  return written.flatMap((line) => line.split("\n"));
}

describe("the readable log", () => {
  it("says of a failed attempt which it was, why, and when the next one comes, with the stack below", () => {
    const lines = logged({ name: "attempt.failed", ...about, ranMs: 12, error, nextInMs: 3_214, maxAttempts: 5 });
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} warn {2}semel attempt 2 of 5 failed: embed: socket hang up; next in 3\.2 s \[k\.1\]$/,
    );
    expect(lines.slice(1)).toEqual(["    at fetch (a.js:1)", "    at run (b.js:2)"]);
  });

  it("says of a replay why nothing ran and how to rerun", () => {
    const [line] = logged({
      name: "job.replayed",
      at: 1_000_000,
      id: "k.1",
      type: "embed",
      tenant: undefined,
      finishedAt: 880_000,
    });
    expect(line).toContain(
      "replayed: embed completed 2.0 min ago, so nothing ran; enqueue with { rerun: true } to run it again",
    );
  });

  it("says that nobody processes a type", () => {
    expect(logged({ name: "job.unattended", at: 1, type: "embed", lane: "embed", forMs: 60_000 })[0]).toContain(
      "nobody has processed embed for 1.0 min",
    );
  });

  it("says that a job was taken over from a worker that died, and that one was cancelled", () => {
    const started = { name: "attempt.started" as const, ...about, waitedMs: 5 };
    expect(logged({ ...started, recovered: false })).toEqual([]);
    expect(logged({ ...started, recovered: true })).toEqual([
      expect.stringMatching(
        / warn {2}semel taken over: embed from a worker that went silent; attempt 2 runs here \[k\.1\]$/,
      ),
    ]);
    expect(logged({ name: "attempt.cancelled", ...about, ranMs: 5, by: "the customer left" })).toEqual([
      expect.stringMatching(/ info {2}semel cancelled in attempt 2: embed: the customer left \[k\.1\]$/),
    ]);
  });

  it("is quiet about the ordinary course of things, unless asked", () => {
    const held: SemelEvent = {
      name: "delivery.held",
      at: 1,
      id: "k.1",
      type: "t",
      tenant: undefined,
      reason: "busy",
      nextInMs: 5,
    };
    const completed: SemelEvent = { name: "attempt.completed", ...about, ranMs: 1, steps: 0 };
    expect(logged(held)).toEqual([]);
    expect(logged(completed)).toEqual([]);
    expect(logged(completed, "debug")).toHaveLength(1);
  });

  it("lets no foreign text start a line, move a cursor or turn the writing round", () => {
    const message = 'a\n{"level":"fatal"}\u001b[2J\u202e\u2028\u0000';
    const lines = logged({
      name: "attempt.failed",
      ...about,
      ranMs: 1,
      error: { ...error, message, stack: undefined },
      nextInMs: 1,
      maxAttempts: 5,
    });
    expect(lines).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is tested
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u202e\u2028]/);
    expect(printable("é😀 ok")).toBe("é😀 ok");
  });
});

describe("an outage in the readable log", () => {
  const refused = { ...error, message: "the store did not answer", causes: [{ name: "Error", message: "NOAUTH" }] };

  /** What is written of events so many milliseconds after the first. */
  function written(events: readonly (readonly [number, Record<string, unknown>])[], level?: "debug"): string[] {
    const lines: string[] = [];
    const hook = logHook(consoleLogger({ write: (line) => lines.push(line), colours: false, level }));
    for (const [afterMs, event] of events) void hook.onEvent({ at: 1_000_000 + afterMs, ...event } as SemelEvent);
    return lines.flatMap((line) => line.split("\n"));
  }
  const down = { name: "store.unavailable", during: "settle", error: refused };
  const up = (outageMs: number) => ({ name: "store.available", outageMs, failures: 28 });
  const tries = (from: number, to: number, event: Record<string, unknown> = down) =>
    Array.from({ length: (to - from) / 500 }, (_, index) => [from + index * 500, event] as const);

  it("is a line when it begins, with the reason, and one when it is over, with how long it was", () => {
    const lines = written([...tries(0, 10_000), [10_200, up(10_200)]]);
    expect(lines).toEqual([
      expect.stringMatching(/ error semel the job store did not answer \(settle\): the store did not answer: NOAUTH$/),
      expect.stringMatching(/ info {2}semel the job store answers again, after 10\.2 s \(28 failed\)$/),
    ]);
  });

  it("is one line in 30 s while it lasts, with how often it failed", () => {
    const lines = written(tries(0, 91_000));
    expect(lines.length).toBe(4);
    expect(lines[1]).toMatch(/NOAUTH; still so, failed 60 more times in 30\.0 s$/);
  });

  it("is told anew when it is another one; but not each of many calls that fail alone", () => {
    expect(
      written([
        [0, down],
        [5_000, up(5_000)],
        [6_000, down],
        [8_000, up(2_000)],
      ]).length,
    ).toBe(4);
    expect(
      written(
        [0, 1, 2, 3].flatMap((at) => [
          [at * 1_000, down],
          [at * 1_000 + 400, up(400)],
        ]),
      ).length,
    ).toBe(1);
  });

  it("likewise where a worker cannot start, each with what it is about", () => {
    const start = { name: "worker.problem", worker: "w1", during: "start", error: refused };
    const beat = { ...start, during: "beat" };
    const lines = written([...tries(0, 29_000, start), [29_000, beat], ...tries(29_500, 31_000, start)]);
    expect(lines.map((line) => line.slice(13))).toEqual([
      "error semel worker w1, start: the store did not answer: NOAUTH",
      "error semel worker w1, beat: the store did not answer: NOAUTH",
      "error semel worker w1, start: the store did not answer: NOAUTH; still so, failed 59 more times in 30.0 s",
    ]);
  });

  it("is no reason for a warning of the backend to bring its stack, either", () => {
    const warning = { name: "backend.warning", text: "a lane was not looked at", error: refused };
    expect(written([[0, warning]])).toEqual([
      expect.stringMatching(/ warn {2}semel a lane was not looked at: the store did not answer: NOAUTH$/),
    ]);
    expect(written([[0, { name: "backend.warning", text: "no AOF", error: undefined }]])).toHaveLength(1);
  });

  it("is each try with its stack at debug", () => {
    expect(written(tries(0, 1_000), "debug").filter((line) => line.includes("at fetch"))).toHaveLength(2);
  });
});

describe("redaction", () => {
  it("replaces fields by path, at any index, and leaves the original alone", () => {
    const payload = { text: "secret", customer: { email: "a@b", id: 1 }, parts: [{ body: "x" }, { body: "y" }, 3] };
    const before = structuredClone(payload);
    expect(
      redactPaths(payload, ["text", "customer.email", "parts.*.body", "missing.path", "customer.id.deeper"]),
    ).toEqual({
      text: "[redacted]",
      customer: { email: "[redacted]", id: 1 },
      parts: [{ body: "[redacted]" }, { body: "[redacted]" }, 3],
    });
    expect(payload).toEqual(before);
  });

  it("replaces a private key with its body, and what is named like a secret whatever it looks like", () => {
    const pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIabc+/=\n-----END RSA PRIVATE KEY-----";
    expect(redactText(`loaded ${pem} from disk`)).toBe("loaded [redacted] from disk");
    const headers = { Authorization: "Basic dTpw", "X-Api-Key": "hunter2", accept: "*/*" };
    const vector = new Float32Array(2);
    expect(redactStrings({ headers, apiKey: "hunter2", tokens: "7", key: "id-1", password: "", vector })).toEqual({
      headers: { Authorization: "[redacted]", "X-Api-Key": "[redacted]", accept: "*/*" },
      ...{ apiKey: "[redacted]", tokens: "7", key: "id-1", password: "", vector },
    });
    const long = "x".repeat(100_000);
    expect(redactStrings({ long }), "nothing is cut").toEqual({ long });
  });

  it("takes time linear in the text, also for text made to be slow", () => {
    for (const text of [
      "sk-".repeat(30_000),
      "://".repeat(30_000),
      "?key=".repeat(20_000),
      "eyJ".repeat(30_000),
      "eyJAAAAAAAA-".repeat(80_000),
      "-----BEGIN PRIVATE KEY-----A-".repeat(30_000),
      `${"a".repeat(90_000)}://`,
    ]) {
      const startedAt = performance.now();
      redactText(text);
      redactStrings([text]);
      expect(performance.now() - startedAt).toBeLessThan(1_500);
    }
  });
});
