import { globSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pages.mjs";

/** What users can import, by its specifier. */
export const entries = new Map(
  globSync(
    "packages/{ai,cli,core,embedded,provider-*,queue-bullmq,redis,redis-connection,state-*,testing}/package.json",
    {
      cwd: root,
    },
  )
    .map((path) => path.replaceAll("\\", "/").split("/")[1] ?? "")
    .sort()
    .flatMap((name) =>
      ["index.ts", "adapter.ts", "*/index.ts"]
        .flatMap((pattern) => globSync(pattern, { cwd: join(root, "packages", name, "src") }))
        .map((path) => path.replaceAll("\\", "/"))
        .map((path) => ({ source: `packages/${name}/src/${path}`, part: path.replace(/(\/index)?\.ts$/, "") }))
        .map(
          ({ source, part }) => /** @type {const} */ ([`@semel/${name}${part === "index" ? "" : `/${part}`}`, source]),
        ),
    ),
);
