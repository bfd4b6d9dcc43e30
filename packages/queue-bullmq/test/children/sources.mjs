// Loaded with `--import` into the programs of this folder: they run sources, as the tests do, and need no build.
import { registerHooks } from "node:module";

const packages = new URL("../../../", import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    const [, name, subpath = "index"] = /^@semel\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    return name ? { url: `${packages}${name}/src/${subpath}.ts`, shortCircuit: true } : next(specifier, context);
  },
});
