import type { ModelCall, RateLimits, Usage } from "@semel/core";

// Whoever calls has promised that these do not throw. Where one does, the answer is paid for all the same, and nobody else shall suffer.

export function tellUsage({ onUsage }: ModelCall, usage: Usage): void {
  try {
    onUsage?.(usage);
  } catch {
    // See above.
  }
}

export function tellLimits({ onLimits }: ModelCall, limits: RateLimits): void {
  try {
    onLimits?.(limits);
  } catch {
    // See above.
  }
}
