import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file that processors append their effects to, outside of all that Semel knows: `what n key` and whatever else a line
 * may say. Nothing in it is unique, so a repeat shows.
 *
 * @typedef {object} Ledger
 * @property {string} path
 * @property {() => readonly (readonly [what: string, n: number, key: string, ...rest: string[]])[]} entries
 * @property {(what: string) => ReadonlyMap<number, number>} counts how often each `n` had this effect
 * @property {() => void} remove with its folder
 */

/** @returns {Ledger} */
export function createLedger() {
  const folder = mkdtempSync(join(tmpdir(), "semel-ledger-"));
  const path = join(folder, "effects");
  writeFileSync(path, "");
  /** @type {Ledger["entries"]} */
  const entries = () =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [what = "", n = "", key = "", ...rest] = line.split(" ");
        return [what, Number(n), key, ...rest];
      });
  return {
    path,
    entries,
    counts(what) {
      /** @type {Map<number, number>} */
      const counts = new Map();
      for (const [which, n] of entries()) if (which === what) counts.set(n, (counts.get(n) ?? 0) + 1);
      return counts;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * The numbers that did not have this effect exactly once, and how often they had it.
 *
 * @param {Pick<Ledger, "counts">} ledger
 * @param {string} what
 * @param {Iterable<number>} numbers
 * @returns {readonly string[]}
 */
export function notOnce(ledger, what, numbers) {
  const counts = ledger.counts(what);
  return [...numbers].filter((n) => counts.get(n) !== 1).map((n) => `${n}: ${counts.get(n) ?? 0} times`);
}
