import type { Clock } from "./clock.ts";

/** What an adapter is told when it starts. */
export interface Host {
  /** Separates environments that share a broker or a database. Queue and store always get the same one. */
  readonly namespace: string;
  /** Adapters without a server clock of their own (the in-memory ones) take their time from here. */
  readonly clock: Clock;
  /** Something happened that no call is there to be told: a broken connection, an adapter healing itself. */
  report(problem: { readonly text: string; readonly error?: unknown }): void;
}
