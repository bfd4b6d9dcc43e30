import { describe, expect, test } from "vitest";
import { type Account, balance } from "../src/account.ts";
import { effectsIn } from "../src/effects.ts";
import { exactly, isBroken, none } from "../src/figure.ts";

/** A ledger as workers write it, a line an entry. */
const ledger = (...lines: string[]) => ({
  path: "",
  entries: () =>
    lines.map((line) => {
      const [what = "", n = "", key = "", ...rest] = line.split(" ");
      return [what, Number(n), key, ...rest] as const;
    }),
  counts: () => new Map(),
  remove: () => undefined,
});

describe("effects in a ledger", () => {
  test("one each, each with one key", () => {
    const found = effectsIn(ledger("effect 1 k1 a", "recorded 1 k1 a", "effect 2 k2 a"), [1, 2], new Set());
    expect(found).toMatchObject({ had: 2, repeated: 0, unaccounted: [], severalKeys: [] });
  });

  test("a repeat is accounted for by a worker that ended at the failpoint in the window", () => {
    const window = "SIGKILL 1 once:effect:after-effect a";
    expect(effectsIn(ledger("effect 1 k a", window, "effect 1 k b"), [1], new Set(["a"]))).toMatchObject({
      repeated: 1,
      inWindow: 1,
      unaccounted: [],
    });
    // The window was met, so it has to be repeated.
    expect(effectsIn(ledger("effect 1 k a", window), [1], new Set(["a"])).unaccounted).toHaveLength(1);
  });

  test("it may be accounted for by a worker that was killed before it had written that it was recorded", () => {
    const repeated = ["effect 1 k a", "effect 1 k b", "recorded 1 k b"];
    expect(effectsIn(ledger(...repeated), [1], new Set(["a"])).unaccounted).toEqual([]);
    expect(effectsIn(ledger(...repeated), [1], new Set()).unaccounted).toHaveLength(1);
    expect(effectsIn(ledger(...repeated, "recorded 1 k a"), [1], new Set(["a"])).unaccounted).toHaveLength(1);
  });

  test("what is missing or came with another key is found", () => {
    expect(effectsIn(ledger("effect 1 k a"), [1, 2], new Set()).unaccounted).toHaveLength(1);
    expect(effectsIn(ledger("effect 1 k a", "effect 1 other b"), [1], new Set(["a"])).severalKeys).toHaveLength(1);
  });
});

test("a job that nobody knows any more breaks the balance", () => {
  const account: Account = {
    enqueued: 3,
    completed: 1,
    dead: 1,
    cancelled: 0,
    waiting: 0,
    absent: 1,
    burnt: 0,
    crashes: 0,
  };
  expect(balance(account).filter(isBroken)).toHaveLength(1);
  expect(balance({ ...account, waiting: 1, absent: 0 }).filter(isBroken)).toEqual([]);
});

test("figures say when they are broken", () => {
  expect([exactly("x", 0, 1), exactly("x", 1, 1), none("x", ["y"]), none("x", [])].map(isBroken)).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
