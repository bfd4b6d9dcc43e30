import { describeJobStore, describeJobStoreModel, describeQueue, virtualTime } from "@semel/testing/suites";
import { brokenQueues, brokenStores } from "./index.ts";

/* Both suites over every broken adapter. Not a test of its own: suites-catch-broken-adapters.test.ts runs it and reads the report. */

for (const { adapter } of brokenQueues) {
  describeQueue({
    name: adapter.name,
    features: new adapter().features,
    create() {
      const queue = new adapter();
      return { queue, open: () => queue, time: virtualTime() };
    },
  });
}

for (const { adapter, inAnyOrder } of brokenStores) {
  const suite = {
    features: new adapter().features,
    create() {
      const store = new adapter();
      const view = { store, deadLetters: store };
      return { ...view, open: () => view, time: virtualTime() };
    },
  };
  describeJobStore({ name: adapter.name, ...suite });
  if (inAnyOrder) describeJobStoreModel({ name: `${adapter.name} in any order`, ...suite, runs: 300, seed: 1 });
}
