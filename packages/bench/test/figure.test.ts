import { expect, test } from "vitest";
import { allHold, figure } from "../src/figure.ts";
import { median, pairedRatio, quantile } from "../src/statistics.ts";

test("medians and percentiles", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([1, 2, 3, 10])).toBe(2.5);
  expect(quantile([0, 10], 0.95)).toBeCloseTo(9.5);
  expect(median([])).toBeNaN();
});

test("ratios are of one round each: a slow round of both changes nothing", () => {
  const base = new Map([
    [1, 100],
    [2, 10],
    [3, 90],
  ]);
  const side = new Map([
    [1, 50],
    [2, 5],
    [4, 1],
  ]);
  expect(pairedRatio(side, base)).toEqual({ median: 0.5, rounds: [0.5, 0.5] });
});

const rounds = (...values: number[]): ReadonlyMap<number, number> => new Map(values.entries());

test("a claim holds, is missed, or has no figure to rest on", () => {
  const verdict = (...values: number[]): string =>
    figure("a case", "a side", rounds(...values), { unit: "ms", target: { atMost: 5 } }).verdict;
  expect(verdict(4, 5, 90)).toBe("ok");
  expect(verdict(6, 5, 90)).toBe("MISSED");
  expect(verdict()).toBe("failed");
});

test("what is compared is judged by the ratio; without a peer there is no verdict but failed", () => {
  const against = [
    { to: "half", rounds: rounds(200, 200), target: { atLeast: 0.65 } },
    { to: "absent", rounds: rounds(), target: { atLeast: 0.65 } },
  ];
  const one = figure("a case", "a side", rounds(100, 100), { unit: "jobs/s", against });
  expect(one.comparisons.map(({ ratio, verdict }) => [ratio, verdict])).toEqual([
    [0.5, "MISSED"],
    [Number.NaN, "failed"],
  ]);
  expect(allHold([one])).toBe(false);
  expect(allHold([figure("a case", "a side", rounds(1), { unit: "ms" })])).toBe(true);
});
