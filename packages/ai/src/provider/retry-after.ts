import { retryAfterMs as byHeader } from "@semel/core/adapter";
import type { FailureFacts } from "./failure-facts.ts";

const longestMs = 3_600_000;

/** How long the provider asks to be left alone: by its headers, else as the adapter found it elsewhere. At most an hour. */
export function retryAfterMs({ headers, retryAfterMs: own }: FailureFacts, now: number): number | undefined {
  const hint = byHeader((name) => headers?.get(name) ?? undefined, now) ?? own;
  return hint !== undefined && hint > 0 ? Math.min(longestMs, Math.ceil(hint)) : undefined;
}
