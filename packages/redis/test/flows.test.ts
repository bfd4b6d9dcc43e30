import type { AnyProcessor } from "@semel/core";
import { describeFlows } from "@semel/testing/suites";
import { describe, expect, test } from "vitest";
import { redis } from "../src/index.ts";
import { child } from "./support/child.ts";
import { brief, effectProcessor } from "./support/effect-job.ts";
import { gather, gatherProcessor } from "./support/gather-job.ts";
import { freshLedger, notOnce } from "./support/ledger.ts";
import { freshPlace, stage } from "./support/stage.ts";

describeFlows({
  name: "flows on Redis",
  create() {
    const { url, prefix } = freshPlace();
    const open = () => redis(url, { prefix });
    return { backend: open(), open };
  },
});

const cluster = (process.env.SEMEL_TEST_REDIS_CLUSTER ?? "").split(",").map((node) => `redis://${node}`);

describeFlows({
  name: "flows on a Redis Cluster, parents and children in different slots",
  create() {
    const { prefix } = freshPlace();
    const open = () => redis({ cluster }, { prefix });
    return { backend: open(), open };
  },
});

describe("kill -9 of a parent's worker", () => {
  const points = [
    "children:all:after-enqueue",
    "claim:after",
    "children:all:after-look",
    "children:all:after-record",
    "settle:before",
    "settle:after",
  ];

  test("at every point of its looks: the parent completes elsewhere, and every child is done once", {
    timeout: 240_000,
  }, async () => {
    const place = freshPlace();
    const ledger = freshLedger();
    const { semel } = stage(place);
    const parent = await semel.enqueue(gather, { of: 60 });
    const killed = Promise.withResolvers<void>();
    for (const [kill, point] of points.entries()) {
      // Some children end while nobody looks after the parent, the others not before all is over.
      if (kill === 2) semel.worker({ processors: [untilOver(ledger.path, killed.promise)], concurrency: 2 });
      const doomed = child("gather", { ...place, namespace: "test", at: { point, hit: kill < 2 ? 1 : 2 } });
      expect(await doomed.ended, point).toBeNull();
    }
    killed.resolve();
    semel.worker({ processors: [gatherProcessor, effectProcessor(brief, ledger.path, "survivor")] });
    expect(await parent.result({ timeout: "60s" })).toEqual({ sum: (60 * 59) / 2 });
    const all = Array.from({ length: 60 }, (_, n) => n);
    expect(notOnce(ledger, "effect", all)).toEqual([]);
    expect(await semel.status(gather, parent.id)).toMatchObject({ state: "completed", attempt: 1, deferrals: 0 });
  });
});

/** Does a third of the children at once, and the others when it is over. */
const untilOver = (ledger: string, over: Promise<void>): AnyProcessor => {
  const inner = effectProcessor(brief, ledger, "test");
  return {
    ...inner,
    async process(context) {
      if (context.payload.n >= 20) await over;
      return inner.process(context);
    },
  };
};
