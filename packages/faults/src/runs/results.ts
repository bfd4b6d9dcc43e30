import { createSemel, defineJob, processor, type Semel, SemelError } from "@semel/core";
import { z } from "zod";
import { settledAccount } from "../account.ts";
import { exactly, type Figure, none, told } from "../figure.ts";
import { backendAt, freshPlace, nameOf, type Place } from "../place.ts";
import type { Run, Setting } from "../run.ts";

const circular: Record<string, unknown> = {};
circular.itself = circular;

/** What a processor may answer that no store can keep, or should. */
const answers: Readonly<Record<string, () => unknown>> = {
  "a BigInt": () => ({ value: 1n }),
  "a circle": () => circular,
  "a function": () => ({ value: () => undefined }),
  "20,000 levels": () => {
    let deep: unknown = 0;
    for (let level = 0; level < 20_000; level++) deep = [deep];
    return deep;
  },
  "10 MB": () => ({ value: "x".repeat(10_000_000) }),
  "a toJSON that throws": () => ({
    toJSON() {
      throw new Error("it will not");
    },
  }),
  "a getter that throws": () => ({
    get value() {
      throw new Error("not this one");
    },
  }),
  "an invalid Date": () => ({ value: new Date(Number.NaN) }),
  "a lone half of a character": () => ({ value: "\ud800" }),
  NUL: () => ({ value: "\0" }),
};

/** A processor may answer anything; what is tested is that the job has one effect all the same. */
const odd = defineJob({
  type: "odd",
  payload: z.object({ answer: z.string() }),
  result: z.any(),
  correlation: ["answer"],
});

async function oddAnswers(setting: Setting, on: Place["on"]): Promise<readonly Figure[]> {
  const semel: Semel = createSemel({ ...backendAt(await freshPlace(setting, on)), logger: false });
  setting.resources.defer(() => semel.close({ deadline: "1s" }));
  const effects: string[] = [];
  const odds = processor(odd, async ({ payload, once }) => {
    await once("effect", () => void effects.push(payload.answer));
    return answers[payload.answer]?.();
  });
  semel.worker({ processors: [odds], concurrency: 5 });
  const names = Object.keys(answers);
  const handles = await Promise.all(names.map((answer) => semel.enqueue(odd, { answer })));
  const codes = await Promise.all(
    handles.map(({ result }) =>
      result({ timeout: "60s" }).then(
        () => "kept",
        (error: unknown) => (SemelError.isInstance(error) ? error.code : String(error)),
      ),
    ),
  );
  const account = await settledAccount(
    semel,
    handles.map(({ id }) => id),
    60_000,
  );
  const name = nameOf[on];
  const kinds = Object.entries(Object.groupBy(codes, (code) => code)).map(([code, all]) => `${all?.length} ${code}`);
  return [
    told(`${name}: odd results`, `${names.length}: ${kinds.join(", ")}`),
    exactly(`${name}: jobs lost`, 0, account.absent + account.waiting),
    none(
      `${name}: effects not had exactly once`,
      names.filter((answer) => effects.filter((effect) => effect === answer).length !== 1),
    ),
    exactly(`${name}: attempts burned`, 0, account.burnt),
  ];
}

export const resultsRun: Run = {
  name: "results",
  about: "results that cannot be serialised, are too large, or throw when they are read",
  async run(setting) {
    return (
      await Promise.all((["redis", "postgres", "embedded"] as const).map((on) => oddAnswers(setting, on)))
    ).flat();
  },
};
