import { existsSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { publishedPackages } from "./repository.mjs";

/**
 * What a package's main entry may weigh in a bundle: minified and gzipped, without what it depends on, in bytes; and what it
 * is made of. A ceiling is raised on purpose, so that nothing grows unseen.
 *
 * @type {Record<string, { ceiling: number, reason: string }>}
 */
const ceilings = {
  "@semel/core": {
    ceiling: 46_000,
    reason: "jobs, guard, worker, flows, transactions, dead letters with plans, and checks",
  },
  "@semel/ai": { ceiling: 20_000, reason: "what providers share, routing, batching, limits, prompts, processors" },
  "@semel/cli": { ceiling: 200, reason: "what a config file imports; the command itself is no library" },
  "@semel/embedded": { ceiling: 3_600, reason: "a preset and a directory's lock" },
  "@semel/provider-google": { ceiling: 6_200, reason: "one provider, and what its client loses of its answers" },
  "@semel/provider-ollama": { ceiling: 8_200, reason: "one provider, what its client would print, and pulls" },
  "@semel/provider-openai": { ceiling: 3_500, reason: "requests, answers and failures of one provider" },
  "@semel/queue-bullmq": { ceiling: 10_800, reason: "one adapter for two databases" },
  "@semel/redis": { ceiling: 500, reason: "a preset" },
  "@semel/redis-connection": { ceiling: 7_800, reason: "every way to name a Redis, and judging it" },
  "@semel/state-postgres": { ceiling: 9_000, reason: "the store, its letters, transactions and the outbox" },
  "@semel/state-redis": { ceiling: 16_500, reason: "the guard once more, in Lua" },
  "@semel/testing": { ceiling: 15_500, reason: "the kit, the faults, exercises and schema snapshots" },
};

/**
 * The size of each published package, by name.
 *
 * @returns {Promise<Map<string, number>>}
 */
async function sizes() {
  // Loaded late: this file is read before anything is installed.
  const { build } = await import("esbuild");
  const libraries = publishedPackages().filter(({ folder }) => existsSync(join(folder, "dist", "index.mjs")));
  const measured = libraries.map(async ({ folder, manifest }) => {
    const { outputFiles } = await build({
      entryPoints: [join(folder, "dist", "index.mjs")],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      packages: "external",
      // This repository's own would lead other packages' names to their sources.
      tsconfigRaw: {},
      write: false,
      logLevel: "silent",
    });
    return /** @type {const} */ ([manifest.name, gzipSync(outputFiles[0]?.contents ?? "").length]);
  });
  return new Map(await Promise.all(measured));
}

/** @returns {Promise<import("./stages/stage.mjs").Check[]>} */
export async function sizeChecks() {
  return [...(await sizes())].map(([name, bytes]) => {
    const title = `${name}: size`;
    const known = ceilings[name];
    if (known === undefined) return { title, problem: `it has no ceiling in size.mjs; it is ${bytes} bytes now` };
    if (bytes <= known.ceiling) return { title };
    return { title, problem: `${bytes} bytes, and its ceiling is ${known.ceiling} (${known.reason})` };
  });
}
