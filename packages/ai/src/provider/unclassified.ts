import type { FailureFacts } from "./failure-facts.ts";

let count = 0;
const listeners = new Set<(facts: FailureFacts) => void>();

/** How many failures were of no known kind, in this process. The goal is 0: each is a line that is missing in `classify`. */
export const unclassifiedFailures = (): number => count;

/** Told of each. @returns stops it. */
export function onUnclassified(listen: (facts: FailureFacts) => void): () => void {
  listeners.add(listen);
  return () => void listeners.delete(listen);
}

export function noteUnclassified(facts: FailureFacts): void {
  count += 1;
  for (const listen of listeners) listen(facts);
}
