import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A file that processors append their effects to, outside of all that Semel knows. */
export interface Ledger {
  readonly path: string;
  /** `[what, n, key]` of each line so far. */
  entries(): readonly (readonly [what: string, n: number, key: string])[];
  /** How often each `n` had this effect. */
  counts(what: string): ReadonlyMap<number, number>;
}

export function freshLedger(): Ledger {
  const folder = mkdtempSync(join(tmpdir(), "semel-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "effects");
  writeFileSync(path, "");
  const entries: Ledger["entries"] = () =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [what = "", n = "", key = ""] = line.split(" ");
        return [what, Number(n), key] as const;
      });
  return {
    path,
    entries,
    counts(what) {
      const counts = new Map<number, number>();
      for (const [which, n] of entries()) if (which === what) counts.set(n, (counts.get(n) ?? 0) + 1);
      return counts;
    },
  };
}

/** The numbers that did not have this effect exactly once, and how often they had it. */
export function notOnce(ledger: Ledger, what: string, numbers: Iterable<number>): readonly string[] {
  const counts = ledger.counts(what);
  return [...numbers].filter((n) => counts.get(n) !== 1).map((n) => `${n}: ${counts.get(n) ?? 0} times`);
}
