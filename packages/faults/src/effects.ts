import type { Ledger } from "@semel/repo-tools/ledger";
import { type Figure, none, told } from "./figure.ts";

/** What the ledger says of effects, each beside what its workers went through. */
export interface Effects {
  readonly had: number;
  /** More than one of a job. */
  readonly repeated: number;
  /** Workers that ended at the failpoint between effect and record. */
  readonly inWindow: number;
  /** Workers that ended somewhere between the effect and what they wrote after its record, and may have been in the window. */
  readonly perhapsInWindow: number;
  /** Repeats and omissions that no worker's end accounts for. */
  readonly unaccounted: readonly string[];
  /** Jobs whose effects came with more than one key. */
  readonly severalKeys: readonly string[];
}

const windowPoint = "once:effect:after-effect";

/** @param numbers of the jobs that completed. @param ended who died, or was stopped for longer than its lease. */
export function effectsIn(ledger: Ledger, numbers: readonly number[], ended: ReadonlySet<string>): Effects {
  const entries = ledger.entries();
  const count = new Map<number, number>();
  const exact = new Map<number, number>();
  const perhaps = new Map<number, number>();
  const keys = new Map<number, Set<string>>();
  const recorded = new Set<string>();
  const add = (to: Map<number, number>, n: number): void => void to.set(n, (to.get(n) ?? 0) + 1);
  for (const [what, n, , by] of entries) if (what === "recorded") recorded.add(`${n} ${by}`);
  const certain = new Set<string>();
  for (const [what, n, point, by] of entries) {
    if ((what !== "SIGKILL" && what !== "SIGSTOP") || point !== windowPoint) continue;
    add(exact, n);
    certain.add(`${n} ${by}`);
  }
  for (const [what, n, key, by = ""] of entries) {
    if (what !== "effect") continue;
    add(count, n);
    keys.set(n, (keys.get(n) ?? new Set()).add(key));
    const writer = `${n} ${by}`;
    if (ended.has(by) && !recorded.has(writer) && !certain.has(writer)) add(perhaps, n);
  }
  const unaccounted = numbers.flatMap((n) => {
    const had = count.get(n) ?? 0;
    const least = 1 + (exact.get(n) ?? 0);
    const most = least + (perhaps.get(n) ?? 0);
    return had >= least && had <= most ? [] : [`job ${n}: ${had} effects, expected ${least} to ${most}`];
  });
  const sum = (of: ReadonlyMap<number, number>): number => [...of.values()].reduce((all, one) => all + one, 0);
  return {
    had: sum(count),
    repeated: sum(count) - count.size,
    inWindow: sum(exact),
    perhapsInWindow: sum(perhaps),
    unaccounted,
    severalKeys: [...keys].filter(([, some]) => some.size > 1).map(([n, some]) => `job ${n}: ${some.size} keys`),
  };
}

/** What a provider that honours the key would have charged: each key once. */
export function effectFigures(effects: Effects, where = ""): readonly Figure[] {
  const { had, repeated, inWindow, perhapsInWindow, unaccounted, severalKeys } = effects;
  return [
    told(`${where}effects, counted outside`, had),
    told(
      `${where}effects repeated`,
      `${repeated} (workers that ended in the window: ${inWindow}, perhaps ${perhapsInWindow} more)`,
    ),
    none(`${where}effects repeated or missing without one`, unaccounted),
    none(`${where}charges repeated where the key is honoured`, severalKeys),
  ];
}
