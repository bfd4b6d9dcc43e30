import { type AnyJob, type AnyProcessor, createSemel, type Semel, SimulatedCrash } from "@semel/core";
import { memory } from "@semel/core/memory";
import { type FaultyBackend, faulty } from "../faults/faulty.ts";
import { InFlight } from "../in-flight.ts";
import { countedIds, seededRandom } from "../seeded.ts";
import { VirtualClock } from "../virtual-clock.ts";
import type { EffectLedger } from "./effect-ledger.ts";
import { ProcessClock } from "./process-clock.ts";
import type { Disturbance, Schedule } from "./schedule.ts";
import { Story } from "./story.ts";
import { type Execution, type SeenEffect, Watch } from "./watched.ts";

/** What is exercised. */
export interface Subject {
  readonly processors: readonly AnyProcessor[];
  readonly job: AnyJob;
  readonly payload: unknown;
  readonly tenant: string | undefined;
  readonly ledger: EffectLedger | undefined;
  readonly count: () => number;
  readonly setUp: () => unknown;
}

/** What one run came to. */
export interface Run {
  readonly state: string;
  readonly error: string | undefined;
  readonly effects: readonly SeenEffect[];
  readonly executions: readonly Execution[];
  /** By the counter, where effects are only counted. */
  readonly counted: number;
  readonly points: number;
  readonly crashes: number;
  readonly faults: number;
  readonly story: readonly string[];
}

const isFinal: ReadonlySet<string> = new Set(["completed", "dead", "cancelled"]);

interface Process {
  readonly name: string;
  readonly semel: Semel;
  readonly backend: FaultyBackend;
  readonly clock: ProcessClock;
}

/** Enough where nothing goes wrong. */
const firstRoundMs = 1_000;
/** Longer than a lease and a broker's hold: each round brings back what was lost in the one before. */
const roundMs = 31_000;
/** Rounds grow, so that the longest backoff and every deadline are over in this many. */
const mostRounds = 60;
const growth = 1.1;
/** Real time; nothing in a schedule waits for anything real. */
const patienceMs = 5;

/** Runs one job on two worker processes under a schedule of disturbances, and watches. */
export async function runOnce(subject: Subject, seed: number, schedule: Schedule): Promise<Run> {
  const stage = new Stage(subject, seed, schedule);
  try {
    return await stage.play();
  } finally {
    await stage.close();
  }
}

class Stage {
  readonly #subject: Subject;
  readonly #schedule: Schedule;
  readonly #watch = new Watch();
  readonly #clock: VirtualClock;
  readonly #story: Story;
  readonly #inFlight: InFlight[] = [];
  readonly #processes: readonly Process[];
  readonly #application: Semel;
  /** Every job there is: the one in question, and those it caused. */
  readonly #jobs = new Set<string>();
  #points = 0;
  #crashes = 0;
  #faults = 0;

  constructor(subject: Subject, seed: number, schedule: Schedule) {
    this.#subject = subject;
    this.#schedule = schedule;
    this.#clock = new VirtualClock({ settle: () => this.#settled() });
    this.#story = new Story(() => this.#clock.monotonic());
    const shared = memory();
    const runtime = { clock: this.#clock, random: seededRandom(seed), newId: countedIds() };
    this.#application = createSemel({ ...shared, logger: false, runtime });
    this.#processes = ["A", "B"].map((name, index) => {
      const clock = new ProcessClock(this.#clock);
      const backend = faulty(shared, { seed: seed + index });
      const inFlight = new InFlight(backend.queue, shared.queue, patienceMs);
      this.#inFlight.push(inFlight);
      const semel = createSemel({
        ...backend,
        queue: inFlight.queue,
        logger: false,
        hooks: [
          {
            onEvent: (event) => {
              this.#watch.hear(event);
              if (event.name === "job.enqueued") this.#jobs.add(event.id);
              this.#story.hear(`worker ${name}`, event);
            },
          },
        ],
        runtime: {
          clock,
          random: seededRandom(seed),
          newId: countedIds(name),
          failpoint: (point) => this.#pass(point, name),
        },
      });
      return { name, semel, backend, clock };
    });
  }

  async #settled(): Promise<void> {
    await InFlight.allSettled(this.#inFlight);
  }

  async play(): Promise<Run> {
    const { ledger, count, setUp, processors } = this.#subject;
    ledger?.clear();
    await setUp();
    const stopWatching = ledger?.watch((effect) => {
      this.#watch.see(effect);
      this.#story.tell(
        "outside",
        `${effect.name}${effect.happened ? "" : " was asked for again, and its key is known"}`,
      );
    });
    const before = count();
    for (const { semel } of this.#processes)
      semel.worker({ processors: processors.map((one) => this.#watch.over(one)) });
    const id = await this.#request();
    for (let round = 0, length = firstRoundMs; round < mostRounds; round++, length = roundMs * growth ** round) {
      for (const one of this.#schedule) if ("round" in one && one.round === round) await this.#befall(one);
      await this.#clock.advance(length);
      if (await this.#isOver()) break;
    }
    stopWatching?.();
    const status = await this.#application.status(id);
    return {
      state: status?.state ?? "absent",
      error: status?.error?.message,
      effects: this.#watch.effects,
      executions: this.#watch.executions,
      counted: count() - before,
      points: this.#points,
      crashes: this.#crashes,
      faults: this.#faults,
      story: this.#story.lines,
    };
  }

  /** It has ended, and so have those it caused; and whoever stood still has done what it still does. */
  async #isOver(): Promise<boolean> {
    if (this.#processes.some(({ clock }) => clock.isPaused)) return false;
    const all = await Promise.all([...this.#jobs].map((id) => this.#application.status(id)));
    if (all.some((status) => status && !isFinal.has(status.state))) return false;
    // Follow-ups may still be owed by a delivery that comes again; where nobody takes them, nobody waits for that.
    if (this.#subject.processors.length === 1) return true;
    const counts = await this.#application.counts();
    return counts.every(({ pending, delayed, running }) => pending + delayed + running === 0);
  }

  async #request(): Promise<string> {
    const { job, payload, tenant } = this.#subject;
    const scope = tenant === undefined ? this.#application : this.#application.forTenant(tenant);
    const enqueue = scope.enqueue as (job: AnyJob, payload: unknown) => Promise<{ id: string; outcome: string }>;
    this.#story.tell("application", "enqueues");
    const { id, outcome } = await enqueue.call(scope, job, payload);
    this.#jobs.add(id);
    if (outcome !== "created") this.#story.tell("application", `is answered: ${outcome}`);
    return id;
  }

  /** A worker comes by a point between two writes. */
  #pass(point: string, name: string): void {
    this.#points++;
    const process = this.#processes.find((one) => one.name === name);
    const due = this.#schedule.filter((one) => "at" in one && one.at === this.#points);
    for (const one of due) {
      if (one.is === "crash") {
        this.#crashes++;
        this.#story.tell(`worker ${name}`, `DIES at ${point}`);
        throw new SimulatedCrash(point);
      }
      if (process) this.#disturb(process, one, point);
    }
  }

  #disturb(process: Process, one: Disturbance, point: string): void {
    const { name, backend, clock } = process;
    if (one.is === "failure") {
      this.#faults++;
      backend.store.failNext("any", { when: one.when });
      const how = one.when === "after" ? "loses the reply to its next call" : "fails at its next call";
      this.#story.tell(`worker ${name}`, `${how} after ${point}`);
    }
    // One of them is always awake: somebody has to take over.
    if (one.is !== "pause" || this.#processes.some((other) => other.clock.isPaused)) return;
    this.#faults++;
    const { forMs, when } = one;
    this.#story.tell(
      `worker ${name}`,
      `STANDS STILL for ${forMs / 1_000} s after ${point}, ${when === "after" ? "with an answer on its way to it" : "with a call on its way"}`,
    );
    backend.store.hangNext("any", { when });
    backend.silence();
    clock.pause();
    this.#clock.timer(forMs, () => {
      this.#story.tell(`worker ${name}`, "goes on");
      backend.resume();
      // A process that wakes up may read what has arrived before it looks at its clock: the worse order of the two.
      setImmediate(() => clock.resume());
    });
  }

  async #befall(one: Extract<Disturbance, { round: number }>): Promise<void> {
    if (one.is === "request") return void (await this.#request());
    this.#faults++;
    this.#story.tell("broker", "will deliver twice");
    for (const { backend } of this.#processes) backend.queue.duplicateNext();
  }

  async close(): Promise<void> {
    for (const { backend, clock } of this.#processes) {
      backend.resume();
      clock.resume();
    }
    const closing = Promise.all(this.#processes.map(({ semel }) => semel.close({ deadline: "0s" })));
    for (const inFlight of this.#inFlight) await inFlight.ended(this.#clock);
    await closing;
    await this.#application.close();
  }
}
