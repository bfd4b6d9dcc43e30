import { MemoryQueue, MemoryStore } from "@semel/core/memory";
import { describeJobStore, describeJobStoreModel, describeQueue, virtualTime } from "@semel/testing/suites";

describeQueue({
  name: "MemoryQueue",
  features: new MemoryQueue().features,
  create() {
    const queue = new MemoryQueue();
    // Its broker is the object itself, so that is what a second view sees.
    return { queue, open: () => queue, time: virtualTime() };
  },
});

const store = {
  features: new MemoryStore().features,
  create() {
    const store = new MemoryStore();
    const view = { store, deadLetters: store };
    return { ...view, open: () => view, time: virtualTime() };
  },
};
describeJobStore({ name: "MemoryStore", ...store });
describeJobStoreModel({ name: "MemoryStore in any order", ...store, runs: 500 });
