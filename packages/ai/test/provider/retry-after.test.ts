import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/provider/retry-after.ts";

const now = Date.UTC(2030, 0, 1);
const hint = (headers: Readonly<Record<string, string>>, own?: number): number | undefined =>
  retryAfterMs({ message: "", headers: { get: (name) => headers[name] }, retryAfterMs: own }, now);

test.each([
  ["milliseconds before seconds", { "retry-after-ms": "250", "retry-after": "9" }, 250],
  ["seconds", { "retry-after": "9" }, 9_000],
  ["parts of a second", { "retry-after": "0.5" }, 500],
  ["a date", { "retry-after": "Tue, 01 Jan 2030 00:00:20 GMT" }, 20_000],
  ["a date that is past", { "retry-after": "Mon, 31 Dec 2029 00:00:00 GMT" }, undefined],
  ["less than nothing", { "retry-after": "-3" }, undefined],
  ["nothing", { "retry-after": "0" }, undefined],
  ["no time", { "retry-after": "soon" }, undefined],
  ["more than an hour", { "retry-after": "86400" }, 3_600_000],
  ["none", {}, undefined],
])("%s", (_, headers, expected) => {
  expect(hint(headers)).toBe(expected);
});

test("what the adapter found is for where no header says anything", () => {
  expect(hint({}, 1_500)).toBe(1_500);
  expect(hint({ "retry-after": "9" }, 1_500)).toBe(9_000);
});
