import { createSemel, defineJob, NonRetryableError, processor, request, type Semel, SimulatedCrash } from "@semel/core";
import type { JobStore } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { expect } from "vitest";
import type { Promised, StoreStage } from "./stage.ts";

/** Every point between the settlement of a job and the note that its follow-ups are in the queue. */
const points = ["settle:after", "enqueue:after-reserve", "enqueue:after-add", "follow-ups:sent"] as const;

/**
 * What a store is for, seen through the whole of Semel: a worker is killed between two writes, and the next delivery
 * finds in the store what there still is to do.
 */
export function crashes(promised: Promised): void {
  promised("follow-ups of dead and of completed work are enqueued once, wherever its worker dies", async (stage) => {
    const cases = (["dead", "completed"] as const).flatMap((ends) =>
      points.map((point) => new Case(stage, ends, point)),
    );
    await Promise.all(cases.map((one) => one.begin()));
    await stage.time.until(
      async () => (await Promise.all(cases.map((one) => one.isSent()))).every(Boolean),
      `follow-up after ${points.join(", ")}`,
    );
    // The holds of deliveries that the crashes left behind end meanwhile.
    await stage.time.pass(1_600);
    for (const { title, ran, ends, key } of cases) {
      expect(ran, title).toEqual(["before", `after ${ends}`]);
      expect(await stage.standing({ key }), title).toMatchObject({ state: ends, crashes: 0 });
    }
    expect(await stage.letters.list({}, { limit: 10 })).toHaveLength(points.length);
    let isClosed = false;
    const closing = Promise.all(cases.map((one) => one.end())).then(() => {
      isClosed = true;
    });
    await stage.time.until(() => isClosed, "end");
    await closing;
  });
}

/** One job with a follow-up, and a process that dies at one point. */
class Case {
  readonly title: string;
  readonly ends: "dead" | "completed";
  /** What ran, in order. A list, so that a repeat would show. */
  readonly ran: string[] = [];
  key = "";
  readonly #stage: StoreStage;
  readonly #semel: Semel;
  readonly #job;
  #hasCrashed = false;

  constructor(stage: StoreStage, ends: "dead" | "completed", point: string) {
    this.#stage = stage;
    this.title = `${ends}, ${point}`;
    this.ends = ends;
    const policy = { correlation: ["id"], lease: "1s", payload: anObject } as const;
    const kind = this.title.replace(", ", ":");
    const after = defineJob({ type: `after:${kind}`, ...policy });
    this.#job = defineJob({
      ...policy,
      type: `before:${kind}`,
      onSettled: ({ state }) => request(after, { id: state }),
    });
    const failpoint = (name: string): void => {
      // The job itself is enqueued first; that is not meant.
      if (name !== point || this.#hasCrashed || this.ran.length === 0) return;
      this.#hasCrashed = true;
      throw new SimulatedCrash(name);
    };
    this.#semel = createSemel({
      ...{ queue: memory().queue, store: kept(stage.store), deadLetters: stage.letters },
      ...{ namespace: stage.namespace, logger: false, runtime: { clock: stage.time.clock, failpoint } },
    });
    const before = processor(this.#job, async () => {
      this.ran.push("before");
      if (ends === "dead") throw new NonRetryableError("it cannot be done");
    });
    const next = processor(after, async ({ payload }) => {
      this.ran.push(`after ${payload.id}`);
    });
    this.#semel.worker({ processors: [before, next] });
  }

  async begin(): Promise<void> {
    const { id } = await this.#semel.enqueue(this.#job, { id: "a" });
    this.key = id.slice(0, 32);
  }

  async isSent(): Promise<boolean> {
    const record = await this.#stage.record(this);
    return this.#hasCrashed && this.ran.length > 1 && record?.hasFollowUps === undefined;
  }

  end(): Promise<void> {
    return this.#semel.close({ deadline: "0s" });
  }
}

/** The stage disposes of its store itself. */
const kept = (store: JobStore): JobStore =>
  new Proxy(store, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return async () => {};
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });

/** A schema without a library: suites bring none along. */
const anObject = {
  "~standard": {
    version: 1,
    vendor: "semel",
    validate: (value: unknown) => ({ value: value as { id: string } }),
    types: undefined as { input: { id: string }; output: { id: string } } | undefined,
  },
} as const;
