// Loaded with `--import` into the child processes of tests: they run sources, as the tests do, and need no build.
import { registerHooks } from "node:module";

const packages = new URL("../../../", import.meta.url);

/** @param {string} specifier */
function source(specifier) {
  const [, name, subpath] = /^@semel\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (!name) return undefined;
  return new URL(`${name}/src/${subpath ?? "index"}.ts`, packages).href;
}

registerHooks({
  resolve(specifier, context, next) {
    const url = source(specifier);
    return url ? { url, shortCircuit: true } : next(specifier, context);
  },
});
