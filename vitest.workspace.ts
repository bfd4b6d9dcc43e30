/**
 * The test projects: one per package and per example. Vitest no longer looks for a file of this name; vitest.config.ts
 * imports it.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProjectInlineConfiguration } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests run against sources, so they never see a stale build. tsconfig.json holds the same lines. */
const alias = [
  { find: /^@semel\/core\/adapter$/, replacement: here("packages/core/src/adapter.ts") },
  { find: /^@semel\/core\/memory$/, replacement: here("packages/core/src/memory/index.ts") },
  { find: /^@semel\/testing\/models$/, replacement: here("packages/testing/src/models/index.ts") },
  { find: /^@semel\/testing\/scripted$/, replacement: here("packages/testing/src/scripted/index.ts") },
  { find: /^@semel\/testing\/suites$/, replacement: here("packages/testing/src/suites/index.ts") },
  { find: /^@semel\/ai\/provider$/, replacement: here("packages/ai/src/provider/index.ts") },
  { find: /^@semel\/repo-tools\/([^/]+)$/, replacement: `${here("packages/repo-tools/src/")}$1.mjs` },
  { find: /^@semel\/([^/]+)$/, replacement: `${here("packages/")}$1/src/index.ts` },
];

/** What every project shares; `test` overrides it where one project needs something else. */
export function project(
  folder: string,
  test: TestProjectInlineConfiguration["test"] = {},
): TestProjectInlineConfiguration {
  return {
    root: here(folder),
    resolve: { alias },
    test: {
      name: basename(folder),
      include: ["test/**/*.test.ts"],
      // However loaded the machine is: time is measured by benchmarks, not by tests.
      testTimeout: 30_000,
      // A mock or a changed environment variable left behind by one test must not decide the next.
      restoreMocks: true,
      unstubEnvs: true,
      unstubGlobals: true,
      ...test,
    },
  };
}

const projects: TestProjectInlineConfiguration[] = [
  project("packages/core"),
  project("packages/queue-bullmq", {
    globalSetup: [
      here("packages/repo-tools/src/redis-global-setup.mjs"),
      here("packages/repo-tools/src/redis-cluster-global-setup.mjs"),
    ],
  }),
  // The setup starts a real PostgreSQL, and only when a test of this project is about to run.
  project("packages/state-postgres", {
    globalSetup: [here("packages/repo-tools/src/postgres-global-setup.mjs")],
  }),
  project("packages/state-redis", {
    globalSetup: [
      here("packages/repo-tools/src/redis-global-setup.mjs"),
      here("packages/repo-tools/src/redis-cluster-global-setup.mjs"),
    ],
  }),
  project("packages/redis-connection"),
  project("packages/redis", {
    globalSetup: [
      here("packages/repo-tools/src/redis-global-setup.mjs"),
      here("packages/repo-tools/src/redis-cluster-global-setup.mjs"),
    ],
    testTimeout: 60_000,
  }),
  project("packages/embedded"),
  project("packages/testing"),
  project("packages/ai"),
  project("packages/provider-openai"),
  project("packages/provider-ollama"),
  project("packages/provider-google"),
  project("packages/cli", {
    globalSetup: [here("packages/repo-tools/src/redis-global-setup.mjs")],
    testTimeout: 60_000,
  }),
  project("packages/repo-tools", { testTimeout: 60_000 }),
  project("packages/bench", { testTimeout: 120_000 }),
  project("packages/faults", { testTimeout: 120_000 }),
  project("examples/01-first-job"),
  project("examples/demo"),
];

export default projects;
