import { esmOnlyDependencies } from "./esm-only.mjs";

/**
 * How every package is built: one ESM and one CommonJS file per entry, each with its own declarations.
 *
 * @param {Record<string, string>} entry output name to source file
 * @returns {import("tsdown").UserConfig}
 */
export function library(entry) {
  return {
    entry,
    format: { esm: {}, cjs: { deps: carriedAlong(esmOnlyDependencies(process.cwd())) } },
    platform: "node",
    target: "node22.12",
    dts: { sourcemap: false },
    // Of the code: stack traces lead to our sources, which the maps carry along.
    sourcemap: true,
    clean: true,
    fixedExtension: true,
    tsconfig: "../../tsconfig.build.json",
    outDir: "dist",
    logLevel: "warn",
    // What is loaded late is loaded with `require` there: Jest, among others, refuses an `import()` in CommonJS.
    outputOptions: { dynamicImportInCjs: false },
  };
}

/**
 * Of one format tsdown wants this setting with nothing left out.
 *
 * @param {readonly string[]} names
 */
function carriedAlong(names) {
  return {
    /** @param {string} id */
    alwaysBundle: (id) => names.some((name) => id === name || id.startsWith(`${name}/`)) || undefined,
    onlyBundle: /** @type {const} */ (false),
    skipNodeModulesBundle: false,
    resolveDepSubpath: true,
    dts: {},
  };
}
