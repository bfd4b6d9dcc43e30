import type {
  Consumer,
  Delivery,
  JobStore,
  JobStoreFeatures,
  LetterBox,
  Queue,
  QueueFeatures,
} from "@semel/core/adapter";
import { MemoryQueue, type MemoryStore } from "@semel/core/memory";

/*
 * What the in-memory adapters are not: queues and stores that outlive the objects through which they are used, and a
 * queue that can do nothing beyond the minimum. They let the suites run the promises that memory alone leaves out.
 */

/** One process's view of a queue that lives elsewhere. */
export function queueView(broker: () => MemoryQueue, features: Partial<QueueFeatures>): Queue {
  const consumers: Consumer[] = [];
  const own: Pick<Queue, "features" | "consume" | typeof Symbol.asyncDispose> = {
    features: { ...broker().features, ...features },
    async consume(...args) {
      const consumer = await broker().consume(...args);
      consumers.push(consumer);
      return consumer;
    },
    async [Symbol.asyncDispose]() {
      for (const consumer of consumers.splice(0)) await consumer[Symbol.asyncDispose]();
    },
  };
  return view<Queue>(own, broker);
}

export function storeView(shared: MemoryStore, features: Partial<JobStoreFeatures>): JobStore & LetterBox {
  return view<JobStore & LetterBox>(
    { features: { ...shared.features, ...features }, [Symbol.asyncDispose]: async () => {} },
    () => shared,
  );
}

/** `own` where it has the member, else that of what stands behind it by then. */
function view<T extends object>(own: Partial<T>, behind: () => T): T {
  return new Proxy(own as T, {
    get(_target, name) {
      if (name in own) return Reflect.get(own, name);
      const member: unknown = Reflect.get(behind(), name);
      return typeof member === "function" ? member.bind(behind()) : member;
    },
  });
}

const cannot = async (): Promise<never> => {
  throw new Error("this queue cannot do that");
};

/** First in, first out, and nothing else: no priorities, no holds, no limits, no looking up, and a repeat is another job. */
export class PlainQueue extends MemoryQueue {
  override readonly features: QueueFeatures = {
    ...{ idempotentAdd: false, lookup: false, remove: false, priority: false, hold: false, limit: false },
    ...{ durable: false, delayPrecisionMs: 20 },
  };
  override readonly has = cannot;
  override readonly remove = cannot;
  override readonly hold = cannot;
  override readonly release = cannot;
  override readonly limit = cannot;
  #added = 0;

  override add(...[additions]: Parameters<Queue["add"]>): ReturnType<Queue["add"]> {
    return super.add(additions.map((job) => ({ ...job, id: `${job.id} ${++this.#added}`, priority: undefined })));
  }

  override async consume(...[lane, options, handle]: Parameters<Queue["consume"]>): Promise<Consumer> {
    const originals = new WeakMap<Delivery, Delivery>();
    const consumer = await super.consume(lane, options, (original) => {
      const delivery = { ...original, id: original.id.split(" ")[0] ?? "" };
      originals.set(delivery, original);
      return handle(delivery);
    });
    const extendOriginals = consumer.extend.bind(consumer);
    const extend: Consumer["extend"] = async (held) => {
      const lost = new Set(await extendOriginals(held.flatMap((delivery) => originals.get(delivery) ?? [])));
      return held.filter((delivery) => lost.has(originals.get(delivery) ?? delivery));
    };
    return Object.assign(consumer, { extend });
  }
}
