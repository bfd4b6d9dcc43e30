import type { Backend } from "../semel/backend.ts";
import { MemoryQueue } from "./memory-queue.ts";
import { MemoryStore } from "./memory-store.ts";

export { MemoryQueue } from "./memory-queue.ts";
export { MemoryStore } from "./memory-store.ts";

/**
 * Queue and store in this process's memory: for tests and for work that may be lost with the process. Two `Semel`s
 * given the same `memory()` share its jobs.
 */
export function memory(): Backend {
  const store = new MemoryStore();
  return { queue: new MemoryQueue(), store, deadLetters: store };
}
