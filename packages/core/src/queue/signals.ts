import type { JobId } from "../job/identity.ts";

/** `changed`: the job reached a final state. `cancel`: its worker should look at once. */
export type SignalTopic = "changed" | "cancel";

/** Wake-ups between processes. Nothing depends on one arriving: whoever listens also looks from time to time. */
export interface Signals extends AsyncDisposable {
  /** Never throws, never waits. */
  publish(topic: SignalTopic, id: JobId): void;
  subscribe(topic: SignalTopic, listen: (id: JobId) => void): Promise<AsyncDisposable>;
}

/** Signals inside one process: enough where queue and store live in it too. */
export function localSignals(): Signals {
  const listeners: Record<SignalTopic, Set<(id: JobId) => void>> = { changed: new Set(), cancel: new Set() };
  return {
    publish(topic, id) {
      for (const listen of [...listeners[topic]]) listen(id);
    },
    async subscribe(topic, listen) {
      listeners[topic].add(listen);
      return { [Symbol.asyncDispose]: async () => void listeners[topic].delete(listen) };
    },
    async [Symbol.asyncDispose]() {
      listeners.changed.clear();
      listeners.cancel.clear();
    },
  };
}
