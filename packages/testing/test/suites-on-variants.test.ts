import { MemoryQueue, MemoryStore } from "@semel/core/memory";
import { describeJobStore, describeQueue, virtualTime } from "@semel/testing/suites";
import { faulty } from "../src/index.ts";
import { PlainQueue, queueView, storeView } from "./shared.ts";

describeQueue({
  name: "a queue with nothing beyond the minimum",
  features: new PlainQueue().features,
  create: () => ({ queue: new PlainQueue(), time: virtualTime() }),
});

// As long as no fault is asked for, nobody can tell it from what is behind it.
describeQueue({
  name: "a faulty queue",
  features: new MemoryQueue().features,
  create: () => ({ queue: faulty(new MemoryQueue()), time: virtualTime() }),
});

describeJobStore({
  name: "a faulty store",
  features: new MemoryStore().features,
  create() {
    const store = faulty(new MemoryStore());
    return { store, deadLetters: store, time: virtualTime() };
  },
});

describeQueue({
  name: "a broker that outlives its processes",
  features: { ...new MemoryQueue().features, durable: true },
  create() {
    const broker = new MemoryQueue();
    const open = () => queueView(() => broker, { durable: true });
    return { queue: open(), open, restart: async () => {}, time: virtualTime() };
  },
});

describeQueue({
  name: "a broker that forgets when it restarts",
  features: new MemoryQueue().features,
  create() {
    let broker = new MemoryQueue();
    const open = () => queueView(() => broker, {});
    const restart = async () => {
      broker = new MemoryQueue();
    };
    return { queue: open(), open, restart, time: virtualTime() };
  },
});

describeJobStore({
  name: "a store that outlives its processes",
  features: { ...new MemoryStore().features, durable: true },
  create() {
    const shared = new MemoryStore();
    const open = () => {
      const store = storeView(shared, { durable: true });
      return { store, deadLetters: store };
    };
    return { ...open(), open, time: virtualTime() };
  },
});
