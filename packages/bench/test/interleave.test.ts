import { expect, test } from "vitest";
import { interleave } from "../src/interleave.ts";
import { silent } from "./silent.ts";

test("sides take turns, each round begins with another one, and the warm-up does not count", async () => {
  const order: string[] = [];
  const side = (name: string) => ({
    name,
    measure: async (round: number) => {
      order.push(`${name}${round}`);
      return round;
    },
  });
  const all = await interleave(silent, "turns", [side("a"), side("b")], { rounds: 2 });
  expect(order).toEqual(["a0", "b0", "b1", "a1", "a2", "b2"]);
  expect(all.map(({ rounds }) => [...rounds])).toEqual([
    [
      [1, 1],
      [2, 2],
    ],
    [
      [1, 1],
      [2, 2],
    ],
  ]);
});

test("a side that fails or hangs keeps what it had and takes nothing from the others", async () => {
  const sides = [
    { name: "well", measure: async () => 1 },
    {
      name: "fails",
      measure: async (round: number) => {
        if (round === 2) throw new Error("no more\nof this");
        return 2;
      },
    },
    { name: "hangs", measure: () => new Promise<number>(() => {}) },
  ];
  const [well, fails, hangs] = await interleave(silent, "failing", sides, { rounds: 3, timeoutMs: 20 });
  expect(well).toMatchObject({ problem: undefined });
  expect(well?.rounds.size).toBe(3);
  expect([...(fails?.rounds ?? [])]).toEqual([[1, 2]]);
  expect(fails?.problem).toBe("no more of this");
  expect(hangs?.problem).toContain("longer than 0.02 s");
});

test("only sides that were asked for are measured", async () => {
  const sides = ["semel", "raw"].map((name) => ({ name, measure: async () => 1 }));
  const all = await interleave({ ...silent, only: "sem" }, "chosen", sides, { rounds: 1 });
  expect(all.map(({ name }) => name)).toEqual(["semel"]);
});
