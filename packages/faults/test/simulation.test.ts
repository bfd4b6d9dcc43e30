import { decide } from "@semel/core/adapter";
import { describe, expect, test } from "vitest";
import { type Decide, decideMachine } from "../src/simulation/machine.ts";
import type { Policy } from "../src/simulation/plan.ts";
import { type Simulation, simulate } from "../src/simulation/simulate.ts";
import { mutants } from "./mutants.ts";

const from = 1_790_000_000_000;

const simulated = (decideOne: Decide, schedules: number, policy: Policy = "retry", seed = 1): Promise<Simulation> =>
  simulate(decideMachine(decideOne), { seed, schedules, policy, from });

describe("the state machine", () => {
  test("under `retry`: an effect is repeated for a crash or a loss of contact before its record, and for nothing else", async () => {
    const { broken, repeated, byCrash, byLostContact, staleWrites, staleAccepted } = await simulated(decide, 2_000);
    expect(broken).toEqual([]);
    expect(repeated).toBe(byCrash + byLostContact);
    // It saw what it is about.
    expect(Math.min(byCrash, byLostContact)).toBeGreaterThan(20);
    expect([staleWrites > 100, staleAccepted]).toEqual([true, 0]);
  });

  test.each<Policy>(["verify", "halt"])("under `%s`: no effect is repeated", async (policy) => {
    const { broken, repeated, takeOvers } = await simulated(decide, 1_000, policy);
    expect([broken, repeated]).toEqual([[], 0]);
    expect(takeOvers).toBeGreaterThan(100);
  });

  test("the same seed plays the same schedules, another one others", async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => simulated(decide, 100, "retry", seed)));
    expect(again).toEqual(first);
    expect(other?.trace).not.toBe(first?.trace);
  });
});

describe("the simulation notices when", () => {
  test.each(Object.entries(mutants))("%s", async (_, mutant) => {
    const { broken } = await simulated(mutant, 1_500);
    expect(broken.length).toBeGreaterThan(0);
    expect(broken[0]).toMatch(/\(schedule \d+, seed \d+\)$/);
  });
});
