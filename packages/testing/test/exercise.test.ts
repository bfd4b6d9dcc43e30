import { defineJob, type JobContext, Processor, processor, request } from "@semel/core";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type EffectLedger, effectLedger, exercise } from "../src/index.ts";

const payload = z.object({ n: z.number() });
const job = defineJob({ type: "work", payload, correlation: ["n"], result: z.string() });
const given = { payload: { n: 1 }, seeds: 150 } as const;

let ledger: EffectLedger;
beforeEach(() => {
  ledger = effectLedger();
});

describe("a processor that is right", { timeout: 30_000 }, () => {
  it("repeats nothing at a provider that honours its key", async () => {
    const embed = processor(job, ({ once }) => once("charge", ({ key }) => String(ledger.honour("charge", key))));
    const report = await exercise(embed, { ...given, effects: ledger });
    expect(report).toMatchObject({ seeds: 150, completed: 150, dead: 0, repeated: 0, inWindow: 0, problems: [] });
    expect(report.honoured).toBeGreaterThan(10);
    expect(report.crashes).toBeGreaterThan(80);
    expect(report.faults).toBeGreaterThan(80);
  });

  it("repeats in the one window only, at a provider that ignores its key", async () => {
    const embed = processor(job, async ({ once }) => {
      const text = await once("embed", async ({ key }) => {
        await Promise.resolve();
        ledger.record("embed", key);
        return "text";
      });
      await once("store", ({ key }) => ledger.record("store", key));
      return text;
    });
    const report = await exercise(embed, { ...given, effects: ledger });
    expect(report).toMatchObject({ completed: 150, repeated: 0, problems: [] });
    expect(report.inWindow).toBeGreaterThan(10);
  });

  it("may be a class with private parts, and enqueue others", async () => {
    const child = defineJob({ type: "child", payload, correlation: ["n"] });
    const parent = defineJob({
      ...{ type: "parent", payload, correlation: ["n"] },
      onSettled: () => request(child, { n: 2 }),
    });
    class Parent extends Processor.of(parent) {
      readonly #ledger = ledger;
      async process({ once, enqueue, payload: { n } }: JobContext<typeof parent>) {
        await once("charge", ({ key }) => this.#ledger.honour("charge", key));
        await enqueue(child, { n });
      }
    }
    const alongside = [processor(child, ({ once }) => once("tell", ({ key }) => void ledger.honour("tell", key)))];
    const report = await exercise(new Parent(), { ...given, seeds: 40, effects: ledger, alongside });
    expect(report).toMatchObject({ completed: 40, repeated: 0, problems: [] });
  });

  it("may be counted by a plain number", async () => {
    let calls = 0;
    const embed = processor(job, ({ once }) => once("embed", () => String(++calls)));
    const report = await exercise(embed, { ...given, effects: () => calls });
    expect(report).toMatchObject({ completed: 150, repeated: 0, problems: [] });
    expect(report.inWindow).toBeGreaterThan(10);
  });
});

describe("a processor that is wrong", { timeout: 30_000 }, () => {
  const caught = async (process: (context: JobContext<typeof job>) => Promise<string>, seeds = 150) =>
    await exercise(processor(job, process), { ...given, seeds, effects: ledger });

  it("because it forgets `once` is caught, with the seed, the story, and a way to see it again", async () => {
    const forgetful = async () => {
      ledger.record("charge");
      return "done";
    };
    const report = await caught(forgetful, 40);
    expect(report.repeated).toBeGreaterThan(10);
    const [problem] = report.problems;
    expect(problem?.what).toMatch(/^charge happened \d times, 1 expected: it is not within a step; put it into once/);
    // Shrunk: one disturbance is enough.
    expect(problem?.story.filter((line) => /DIES|STANDS|loses|fails at|twice/.test(line))).toHaveLength(1);
    expect(problem?.story.filter((line) => line.endsWith("outside: charge"))).toHaveLength(2);
    expect(problem?.replay).toContain(`seed: ${problem?.seed}`);
    const again = await exercise(processor(job, forgetful), { ...given, effects: ledger, seed: problem?.seed });
    expect(again).toMatchObject({ seeds: 1, problems: [problem] });
  });

  it("because its step has another name each time", async () => {
    let time = 0;
    const report = await caught(
      ({ once }) => once(`charge ${time++}`, ({ key }) => String(ledger.honour("charge", key))),
      40,
    );
    expect(report.problems[0]?.what).toMatch(/a step needs the same name on every attempt/);
  });

  it("because a step goes on after its effect, and fails", async () => {
    let runs = 0;
    const report = await caught(
      ({ once }) =>
        once("charge", ({ key }) => {
          ledger.record("charge", key);
          if (runs++ % 3 === 1) throw new Error("could not write the receipt");
          return "done";
        }),
      40,
    );
    expect(report.problems[0]?.what).toMatch(/step charge failed after it had happened/);
  });

  it("because it makes a key of its own", async () => {
    let time = 0;
    const report = await caught(({ once }) => once("charge", () => String(ledger.record("charge", `key ${time++}`))));
    expect(report.problems[0]?.what).toMatch(/under another key each time; hand on the key/);
  });

  it("because it believes a memory that dies with its process", async () => {
    let isCharged = false;
    const report = await exercise(
      processor(job, async ({ once }) => {
        if (isCharged) return "charged before";
        isCharged = true;
        return once("charge", ({ key }) => String(ledger.honour("charge", key)));
      }),
      { ...given, effects: ledger, setUp: () => (isCharged = false) },
    );
    expect(report.problems[0]?.what).toMatch(/charge happened 0 times, 1 expected: the job completed without it/);
  });

  it("because it does not even complete undisturbed", async () => {
    await expect(caught(() => Promise.reject(new Error("no route to host")))).rejects.toThrow(
      /undisturbed, the job is dead \(no route to host\)/,
    );
  });
});

it("the same seeds give the same report", { timeout: 30_000 }, async () => {
  const embed = processor(job, ({ once }) => once("embed", ({ key }) => String(ledger.record("embed", key))));
  const first = await exercise(embed, { ...given, seeds: 60, effects: ledger });
  expect(await exercise(embed, { ...given, seeds: 60, effects: ledger })).toEqual(first);
});

it("what it is given wrongly is refused", async () => {
  const embed = processor(job, async () => "done");
  await expect(exercise(embed, { ...given, seeds: 0, effects: ledger })).rejects.toMatchObject({
    code: "OPTION_INVALID",
  });
  await expect(exercise(embed, { ...given, seed: 0.5, effects: ledger })).rejects.toThrow(/exercise.seed: expected/);
  await expect(exercise(embed, { ...given, effects: {} as EffectLedger })).rejects.toThrow(
    /exercise.effects: expected an/,
  );
});
