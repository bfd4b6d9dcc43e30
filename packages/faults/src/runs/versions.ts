import { defineJob, processor } from "@semel/core";
import { waitFor } from "@semel/testing";
import { z } from "zod";
import { balance, settledAccount } from "../account.ts";
import { exactly, type Figure, told } from "../figure.ts";
import { freshPlace, nameOf, type Place } from "../place.ts";
import { type Run, range, type Setting } from "../run.ts";
import { stage } from "../stage.ts";

const jobs = 40;

const result = z.object({ by: z.string() });
const before = defineJob({
  type: "greet",
  version: 1,
  payload: z.object({ n: z.number(), name: z.string() }),
  result,
  correlation: ["n"],
});
const after = defineJob({
  type: "greet",
  version: 2,
  payload: z.object({ n: z.number(), first: z.string(), last: z.string() }),
  result,
  correlation: ["n"],
  upcast: {
    1: ({ n, name }: { n: number; name: string }) => ({ n, first: name.split(" ")[0], last: name.split(" ")[1] }),
  },
});

/** A fleet is deployed anew: both halves enqueue, first only the old one works, then both, then only the new one. */
async function deployed(setting: Setting, on: Place["on"]): Promise<readonly Figure[]> {
  const place = await freshPlace(setting, on);
  const [old, young] = [stage(setting, place), stage(setting, place)];
  const effects: number[] = [];
  const oldWorker = old.semel.worker({
    processors: [
      processor(before, async ({ payload: { n }, once }) => {
        await once("greet", () => void effects.push(n));
        return { by: "old" };
      }),
    ],
  });
  const ofBefore = await old.semel.enqueueMany(
    before,
    range(jobs).map((n) => ({ n, name: "Ada Byron" })),
  );
  const ofAfter = await young.semel.enqueueMany(
    after,
    range(jobs).map((n) => ({ n: jobs + n, first: "Ada", last: "Byron" })),
  );
  // The same work, enqueued by the new deployment: what the old one calls the same is the same.
  const again = await young.semel.enqueueMany(
    after,
    range(jobs).map((n) => ({ n, first: "Ada", last: "Byron" })),
  );
  const held = (): number => old.named("delivery.held").filter(({ reason }) => reason === "newer-version").length;
  await waitFor(() => held() > 0, { what: "a payload too new for its worker", deadlineMs: 60_000 });
  young.semel.worker({
    processors: [
      processor(after, async ({ payload: { n }, once }) => {
        await once("greet", () => void effects.push(n));
        return { by: "young" };
      }),
    ],
    concurrency: 10,
  });
  await waitFor(() => young.named("attempt.completed").length > 0, { what: "the new worker", deadlineMs: 60_000 });
  await oldWorker.close();
  const ids = [...ofBefore.accepted, ...ofAfter.accepted].map(({ id }) => id);
  const account = await settledAccount(young.semel, ids, 120_000);
  const name = nameOf[on];
  const created = again.accepted.filter(({ outcome }) => outcome === "created").length;
  return [
    told(`${name}: jobs of two versions`, `${2 * jobs}; ${held()} deliveries were held for a newer worker`),
    ...balance(account, `${name}: `),
    exactly(`${name}: not completed`, 0, account.enqueued - account.completed),
    exactly(`${name}: repeats by the other version that ran anew`, 0, created),
    exactly(`${name}: repeats refused as another payload`, 0, again.refused.length),
    exactly(
      `${name}: effects not had exactly once`,
      0,
      2 * jobs - new Set(effects).size + (effects.length - new Set(effects).size),
    ),
    exactly(`${name}: attempts burned`, 0, account.burnt),
  ];
}

export const versionsRun: Run = {
  name: "versions",
  about: "two deployments with different versions of a job, side by side",
  async run(setting) {
    return (await Promise.all((["redis", "postgres"] as const).map((on) => deployed(setting, on)))).flat();
  },
};
