import type { JobId } from "../job/identity.ts";
import type { Priority } from "../job/priority.ts";
import type {
  Added,
  Addition,
  ConsumeOptions,
  Consumer,
  Delivery,
  LaneCounts,
  Queue,
  QueueFeatures,
} from "../queue/queue.ts";
import { type Clock, systemClock, type Timer } from "../runtime/clock.ts";
import type { Host } from "../runtime/host.ts";
import { type Link, LinkedList } from "../runtime/linked-list.ts";
import { type Handle, MemoryConsumer } from "./memory-consumer.ts";

const rank: Record<Priority, number> = { interactive: 0, normal: 1, bulk: 2 };

interface Waiting {
  readonly addition: Addition;
  readonly since: number;
}

/** One line of jobs. Every job is in exactly one of: `waiting`, `delayed`, `running`. */
class Lane {
  /** One list per priority, each first in, first out. */
  readonly lists: readonly LinkedList<Waiting>[] = [new LinkedList(), new LinkedList(), new LinkedList()];
  readonly waiting = new Map<JobId, Link<Waiting>>();
  readonly delayed = new Map<JobId, { addition: Addition; timer: Timer }>();
  readonly running = new Map<JobId, Hold>();
  readonly types = new Set<string>();
  readonly consumers = new Set<MemoryConsumer>();
  /** Held without an end. */
  isPaused = false;
  /** Ends a hold that has an end. */
  rest: Timer | undefined;
  limit = Number.POSITIVE_INFINITY;

  get held(): boolean {
    return this.isPaused || this.rest !== undefined;
  }

  get(id: JobId): "waiting" | "delayed" | "running" | undefined {
    if (this.running.has(id)) return "running";
    if (this.delayed.has(id)) return "delayed";
    return this.waiting.has(id) ? "waiting" : undefined;
  }

  put(addition: Addition, since: number): void {
    const link = this.lists[rank[addition.priority ?? "normal"]]?.push({ addition, since });
    if (link) this.waiting.set(addition.id, link);
  }

  take(): Waiting | undefined {
    for (const list of this.lists) {
      const next = list.shift();
      if (!next) continue;
      this.waiting.delete(next.addition.id);
      return next;
    }
    return undefined;
  }

  /** One that has room. They take turns: what one gives back again and again must reach the others, too. */
  nextConsumer(): MemoryConsumer | undefined {
    for (const consumer of this.consumers) {
      if (!consumer.hasRoom) continue;
      if (this.consumers.size > 1) {
        this.consumers.delete(consumer);
        this.consumers.add(consumer);
      }
      return consumer;
    }
    return undefined;
  }

  drop(id: JobId): void {
    this.delayed.get(id)?.timer.cancel();
    this.delayed.delete(id);
    this.waiting.get(id)?.leave();
    this.waiting.delete(id);
  }
}

/** A delivery in somebody's hands, until it is disposed of or its time is over. */
interface Hold {
  readonly addition: Addition;
  readonly delivery: Delivery;
  readonly holdMs: number;
  timer: Timer;
}

/**
 * The reference queue: everything in this process, nothing on disk. Deliveries whose hold ends without a disposition
 * are handed out again, as a broker does when a worker dies.
 */
export class MemoryQueue implements Queue {
  readonly ports: 1 = 1;
  readonly features: QueueFeatures = {
    idempotentAdd: true,
    lookup: true,
    remove: true,
    priority: true,
    hold: true,
    limit: true,
    durable: false,
    delayPrecisionMs: 20,
  };
  #clock: Clock = systemClock;
  readonly #lanes = new Map<string, Lane>();

  async start(host: Host): Promise<{ warnings: readonly string[] }> {
    this.#clock = host.clock;
    return { warnings: [] };
  }

  async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    return additions.map((addition) => {
      const lane = this.#lane(addition.lane);
      lane.types.add(addition.type);
      if (!lane.get(addition.id)) this.#place(lane, addition, addition.delayMs);
      return { is: "added" };
    });
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    const lane = new Lane();
    this.#lanes.set(name, lane);
    return lane;
  }

  #place(lane: Lane, addition: Addition, delayMs: number): void {
    if (delayMs > 0) {
      const timer = this.#clock.timer(
        delayMs,
        () => {
          lane.delayed.delete(addition.id);
          this.#place(lane, addition, 0);
        },
        "background",
      );
      lane.delayed.set(addition.id, { addition, timer });
      return;
    }
    lane.put(addition, this.#clock.now());
    this.#pump(lane);
  }

  /** Hands out what can be handed out. */
  #pump(lane: Lane): void {
    while (!lane.held && lane.waiting.size > 0 && lane.running.size < lane.limit) {
      const consumer = lane.nextConsumer();
      const next = consumer && lane.take();
      if (!next) return;
      this.#handOut(lane, consumer, next.addition);
    }
  }

  #handOut(lane: Lane, consumer: MemoryConsumer, addition: Addition): void {
    const delivery: Delivery = { id: addition.id, lane: addition.lane, envelope: addition.envelope };
    const { holdMs } = consumer.options;
    const hold: Hold = { addition, delivery, holdMs, timer: this.#expiry(lane, addition, delivery, holdMs) };
    lane.running.set(addition.id, hold);
    consumer.run(delivery, (disposition) => {
      // The hold may have ended meanwhile and the job be in other hands: then there is nothing left to dispose of.
      if (lane.running.get(addition.id)?.delivery === delivery && disposition.do !== "abandon") {
        hold.timer.cancel();
        lane.running.delete(addition.id);
        if (disposition.do === "return") this.#place(lane, addition, disposition.delayMs);
      }
      this.#pump(lane);
    });
  }

  #expiry(lane: Lane, addition: Addition, delivery: Delivery, holdMs: number): Timer {
    return this.#clock.timer(
      holdMs,
      () => {
        if (lane.running.get(addition.id)?.delivery !== delivery) return;
        lane.running.delete(addition.id);
        this.#place(lane, addition, 0);
      },
      "background",
    );
  }

  async consume(name: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    const lane = this.#lane(name);
    const consumer = new MemoryConsumer(options, handle, {
      extend: (delivery) => {
        const hold = lane.running.get(delivery.id);
        if (hold?.delivery !== delivery) return false;
        hold.timer.cancel();
        hold.timer = this.#expiry(lane, hold.addition, delivery, hold.holdMs);
        return true;
      },
      pump: () => this.#pump(lane),
      leave: () => void lane.consumers.delete(consumer),
    });
    lane.consumers.add(consumer);
    this.#pump(lane);
    return consumer;
  }

  async has(lane: string, id: JobId): Promise<boolean> {
    return this.#lane(lane).get(id) !== undefined;
  }

  async remove(name: string, id: JobId): Promise<"removed" | "running" | "absent"> {
    const lane = this.#lane(name);
    const where = lane.get(id);
    if (where === undefined) return "absent";
    if (where === "running") return "running";
    lane.drop(id);
    return "removed";
  }

  async hold(name: string, until?: number): Promise<void> {
    const lane = this.#lane(name);
    if (until === undefined) {
      lane.isPaused = true;
      return;
    }
    lane.rest?.cancel();
    lane.rest = this.#clock.timer(Math.max(0, until - this.#clock.now()), () => this.#wake(lane), "background");
  }

  async release(name: string): Promise<void> {
    const lane = this.#lane(name);
    lane.isPaused = false;
    this.#wake(lane);
  }

  #wake(lane: Lane): void {
    lane.rest?.cancel();
    lane.rest = undefined;
    this.#pump(lane);
  }

  async limit(name: string, concurrency: number | undefined): Promise<void> {
    const lane = this.#lane(name);
    lane.limit = concurrency ?? Number.POSITIVE_INFINITY;
    this.#pump(lane);
  }

  async counts(name: string): Promise<LaneCounts> {
    const lane = this.#lanes.get(name) ?? new Lane();
    const oldest = lane.lists.flatMap((list) => list.first?.since ?? []);
    return {
      waiting: lane.waiting.size,
      delayed: lane.delayed.size,
      running: lane.running.size,
      held: lane.held,
      oldestWaitingAt: oldest.length > 0 ? Math.min(...oldest) : undefined,
    };
  }

  async lanes(): Promise<readonly { lane: string; types: readonly string[] }[]> {
    return [...this.#lanes]
      .filter(([, { types }]) => types.size > 0)
      .map(([lane, { types }]) => ({ lane, types: [...types] }));
  }

  /** Its jobs stay: another Semel may be using the same queue. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
