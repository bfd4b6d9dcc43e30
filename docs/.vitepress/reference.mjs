import { join } from "node:path";
import { Application, Converter, ReflectionKind } from "typedoc";
import { entries } from "./entries.mjs";
import { root, staged } from "./pages.mjs";

/** Writes the reference of every entry as Markdown into `api` of the staged site. @throws Error for what typedoc cannot do */
export async function writeReference() {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: [...entries.values()].map((path) => join(root, path)),
    tsconfig: join(root, "tsconfig.json"),
    plugin: ["typedoc-plugin-markdown"],
    // Types are a check of their own.
    skipErrorChecking: true,
    readme: "none",
    name: "Reference",
    excludeExternals: true,
    excludePrivate: true,
    disableSources: true,
    logLevel: "Error",
    ...{ hidePageHeader: true, hideBreadcrumbs: true, entryFileName: "index", useCodeBlocks: true },
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const name = [...entries].find(
      ([, path]) => `packages/${reflection.name}` === path.replace(/(\/index)?\.ts$/, ""),
    )?.[0];
    if (name !== undefined) reflection.name = name;
  });
  const project = await app.convert();
  if (!project) throw new Error("typedoc found nothing to write about");
  await app.outputs.writeOutput({ name: "markdown", path: join(staged, "api") }, project);
}
