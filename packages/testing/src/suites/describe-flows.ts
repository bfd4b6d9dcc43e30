import { randomUUID } from "node:crypto";
import { type Child, createSemel, defineJob, processor, request, type Semel } from "@semel/core";
import { type Backend, keyOf } from "@semel/core/adapter";
import { describe, expect, test } from "vitest";
import { waitFor } from "../wait-for.ts";

/** A backend for one test. The suite starts it, with a namespace of its own, and disposes of it. */
export interface FlowsUnderTest {
  readonly backend: Backend;
  /** The same backend as a second process has it. Without it, both sides of a flow share one. */
  readonly open?: (() => Backend | Promise<Backend>) | undefined;
  /** Called after the test, when the backends are disposed of. */
  readonly dispose?: (() => Promise<void>) | undefined;
}

export interface FlowsSuite {
  /** The backend's name, for the report. */
  readonly name: string;
  /** Called for each test. */
  readonly create: () => FlowsUnderTest | Promise<FlowsUnderTest>;
  /** Children of the large flow. Default: 1,000. */
  readonly children?: number | undefined;
  /** For one test, in real time. Default: 240,000. */
  readonly timeoutMs?: number | undefined;
}

const schemaOf = <T>() => ({
  "~standard": {
    version: 1 as const,
    vendor: "semel",
    validate: (value: unknown) => ({ value: value as T }),
    types: undefined as { readonly input: T; readonly output: T } | undefined,
  },
});

const chunk = defineJob({
  type: "flows.chunk",
  payload: schemaOf<{ name: string; text?: string }>(),
  result: schemaOf<{ name: string; vector: Float32Array }>(),
  correlation: ["name"],
  retry: { maxAttempts: 1 },
});
const report = defineJob({
  type: "flows.report",
  payload: schemaOf<{ name: string; chunks: string[]; onFailure: "fail-parent" | "continue" | "ignore" }>(),
  result: schemaOf<string[]>(),
  correlation: ["name"],
});

/** What the processors of one test do, and did. Effects are counted outside Semel. */
class Scene {
  readonly effects: string[] = [];
  readonly dead = new Set<string>();
  readonly held = new Set<string>();
  readonly large = new Set<string>();
  readonly #gate = Promise.withResolvers<void>();

  release(): void {
    this.#gate.resolve();
  }

  readonly embed = processor(chunk, async ({ payload: { name }, once, deadLetter }) => {
    if (this.held.has(name)) await this.#gate.promise;
    await once("embed", () => this.effects.push(name));
    if (this.dead.has(name)) return deadLetter("as it was told");
    return { name, vector: new Float32Array(this.large.has(name) ? 10_000 : 2).fill(0.5) };
  });

  readonly summarize = processor(report, async ({ payload, children }) => {
    const requests = payload.chunks.map((name) => request(chunk, { name }));
    const ended = await children("chunks", requests, { onFailure: payload.onFailure });
    return Promise.all(ended.map(told));
  });
}

async function told(one: Child<typeof chunk>): Promise<string> {
  if (one.state !== "completed") return one.state;
  const { name, vector } = await one.result();
  return `${name} ${vector.length}`;
}

/**
 * Holds queue and store together to what a flow promises: a parent that waits for its children, whatever becomes of them.
 *
 * ```ts
 * describeFlows({ name: "MyBackend", create: () => ({ backend: myBackend(url), open: () => myBackend(url) }) });
 * ```
 */
export function describeFlows(suite: FlowsSuite): void {
  const { timeoutMs: timeout = 240_000, children: many = 1_000 } = suite;

  /** `parents` and `workers` are two processes, where the backend has two. */
  const promised = (
    title: string,
    check: (on: { parents: Semel; workers: Semel; scene: Scene; backend: Backend }) => Promise<void>,
  ): void =>
    test(title, { timeout }, async () => {
      const { backend, open, dispose } = await suite.create();
      const namespace = `flows-${randomUUID().slice(0, 8)}`;
      const scene = new Scene();
      const parents = createSemel({ ...backend, namespace, logger: false });
      const workers = open ? createSemel({ ...(await open()), namespace, logger: false }) : parents;
      try {
        parents.worker({ processors: [scene.summarize], concurrency: 5 });
        workers.worker({ processors: [scene.embed], concurrency: 50 });
        await check({ parents, workers, scene, backend });
      } finally {
        scene.release();
        await parents.close({ deadline: "5s" });
        await workers.close({ deadline: "5s" });
        await dispose?.();
      }
    });

  const ofParent = (name: string, chunks: string[], onFailure: "fail-parent" | "continue" | "ignore" = "fail-parent") =>
    ({ name, chunks, onFailure }) as const;
  const isWaiting = (semel: Semel, id: string): Promise<unknown> =>
    waitFor(async () => (await semel.status(id))?.state === "waiting-for-children", {
      what: "the parent to wait",
      deadlineMs: timeout / 2,
    });

  describe(suite.name, () => {
    promised(`${many} children are done once each, also those that were done before or are another's`, async (on) => {
      const { parents, workers, scene } = on;
      const names = Array.from({ length: many }, (_, index) => `c${index}`);
      const before = names.slice(0, many / 5);
      const { accepted } = await workers.enqueueMany(
        chunk,
        before.map((name) => ({ name })),
      );
      await Promise.all(accepted.slice(0, 20).map((one) => one.result({ timeout: "60s" })));
      const shared = names.slice(many / 2, many / 2 + many / 10);
      const small = await parents.enqueue(report, ofParent("small", [...shared, "c0"]));
      const large = await parents.enqueue(report, ofParent("large", names));
      expect(await large.result({ timeout: "200s" })).toEqual(names.map((name) => `${name} 2`));
      expect(await small.result({ timeout: "200s" })).toHaveLength(shared.length + 1);
      expect(scene.effects).toHaveLength(many);
      expect(new Set(scene.effects).size).toBe(many);
      const status = await parents.status(large.id);
      expect(status).toMatchObject({ state: "completed", attempt: 1, crashes: 0, deferrals: 0, children: undefined });
    });

    promised("what a failed child means is for its parent to say", async ({ parents, workers, scene }) => {
      scene.dead.add("bad");
      scene.held.add("slow");
      const strict = await parents.enqueue(report, ofParent("strict", ["good", "bad", "slow"]));
      const eager = await parents.enqueue(report, ofParent("eager", ["good", "bad", "slow"], "continue"));
      const calm = await parents.enqueue(report, ofParent("calm", ["good", "bad", "slow"], "ignore"));
      await expect(strict.result({ timeout: "60s" })).rejects.toMatchObject({ code: "JOB_DEAD" });
      expect(await parents.deadLetters.get(strict.id)).toMatchObject({
        reason: "CHILDREN_FAILED",
        details: { children: [{ index: 1, state: "dead", reason: "REJECTED" }] },
      });
      expect(await eager.result({ timeout: "60s" })).toEqual([expect.any(String), "dead", "open"]);
      await waitFor(async () => (await parents.status(calm.id))?.children?.failed === 1, {
        what: "the failure to be seen",
        deadlineMs: timeout / 2,
      });
      expect(await parents.status(calm.id)).toMatchObject({
        state: "waiting-for-children",
        children: { total: 3, ended: 2, failed: 1 },
      });
      scene.release();
      expect(await calm.result({ timeout: "60s" })).toEqual(["good 2", "dead", "slow 2"]);
      expect(scene.effects.filter((name) => name === "good")).toHaveLength(1);
      void workers;
    });

    promised("a child in conflict, and one that is cancelled before it runs", async ({ parents, workers }) => {
      await workers.enqueue(chunk, { name: "taken", text: "another text" }, { delay: "1h" });
      const waiting = await workers.enqueue(chunk, { name: "unwanted" }, { delay: "1h" });
      const parent = await parents.enqueue(report, ofParent("p", ["taken", "unwanted", "good"], "ignore"));
      await isWaiting(parents, parent.id);
      expect(await workers.cancel(waiting.id)).toBe("cancelled");
      expect(await parent.result({ timeout: "60s" })).toEqual(["conflict", "cancelled", "good 2"]);
    });

    promised(
      "results stay for the parent when the children's records have gone",
      async ({ parents, scene, backend }) => {
        scene.held.add("slow");
        scene.large.add("large");
        const parent = await parents.enqueue(report, ofParent("p", ["small", "large", "slow"]));
        await waitFor(async () => (await parents.status(parent.id))?.children?.ended === 2, {
          what: "two ends to be seen",
          deadlineMs: timeout / 2,
        });
        for (const name of ["small", "large"]) {
          const child = await parents.find(chunk, { name });
          await backend.store.forget({ key: keyOf(child?.id ?? "") ?? "" });
          expect(await parents.find(chunk, { name })).toBeUndefined();
        }
        scene.release();
        expect(await parent.result({ timeout: "60s" })).toEqual(["small 2", "large 10000", "slow 2"]);
      },
    );

    promised(
      "a parent that waits is cancelled at once, and its children are left alone",
      async ({ parents, scene }) => {
        scene.held.add("slow");
        const parent = await parents.enqueue(report, ofParent("p", ["slow"]));
        await isWaiting(parents, parent.id);
        expect(await parents.cancel(parent.id)).toBe("cancelled");
        scene.release();
        await waitFor(async () => (await parents.find(chunk, { name: "slow" }))?.state === "completed", {
          what: "the child",
          deadlineMs: timeout / 2,
        });
        expect(await parents.status(parent.id)).toMatchObject({ state: "cancelled" });
      },
    );

    promised("a redriven parent has done again what failed, and only that", async ({ parents, scene }) => {
      scene.dead.add("bad");
      const parent = await parents.enqueue(report, ofParent("p", ["good", "large", "bad"]));
      scene.large.add("large");
      await expect(parent.result({ timeout: "60s" })).rejects.toMatchObject({ code: "JOB_DEAD" });
      scene.dead.clear();
      const again = await parents.deadLetters.redrive(parent.id);
      await waitFor(async () => (await parents.status(again))?.state === "completed", {
        what: "the parent to complete",
        deadlineMs: timeout / 2,
      });
      // Its step was done, so only the end of it is done again.
      expect(scene.effects.sort()).toEqual(["bad", "good", "large"]);
    });
  });
}
