// Loads every way into every package, by import and by require: both have the same names, in a time nobody waits for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** For all of them, of a cold process on a busy machine. It is there to catch what multiplies, not what adds. */
const boundMs = 8000;

/** Entries whose suites declare tests as they are called. */
const declaresTests = new Set(["@semel/testing/suites", "@semel/testing/models"]);

const require = createRequire(import.meta.url);
const entries = JSON.parse(readFileSync(new URL("./entries.json", import.meta.url), "utf8"));
assert.ok(entries.length > 8, "entries.json names the entries");
const globals = Object.getOwnPropertyNames(globalThis);
for (const [how, load] of [
  ["import", (entry) => import(entry)],
  ["require", (entry) => require(entry)],
]) {
  const startedAt = performance.now();
  for (const { entry, formats } of entries) {
    if (!formats.includes(how)) continue;
    if (declaresTests.has(entry)) {
      // It needs Vitest, which is not here; and it says so.
      await assert.rejects(async () => load(entry), /vitest/);
      continue;
    }
    const names = Object.keys(await load(entry)).filter((name) => name !== "default" && name !== "module.exports");
    if (formats.length === 2) {
      const others = Object.keys(await import(entry)).filter((name) => name !== "default" && name !== "module.exports");
      assert.deepEqual(names.sort(), others.sort(), `${entry} by ${how}`);
    }
  }
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < boundMs, `to ${how} everything took ${Math.round(tookMs)} ms`);
  console.log(how, Math.round(tookMs), "ms");
}
// What `sideEffects: false` promises: loading changes nothing that others see, and keeps nothing running.
// The helpers `__assign` and so on are those of tslib, which BullMQ brings.
const added = Object.getOwnPropertyNames(globalThis).filter(
  (name) => !globals.includes(name) && !name.startsWith("__"),
);
assert.deepEqual(added, []);
assert.deepEqual(
  process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|Server|Worker|FSEvent/i.test(name)),
  [],
);
