// Loaded with `--import` into the demo's processes when a test starts them: they run sources and need no build.
import { registerHooks } from "node:module";

const packages = new URL("../../../../packages/", import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    const [, name, part = "index"] = /^@semel\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    if (name === undefined) return next(specifier, context);
    return { url: new URL(`${name}/src/${part}.ts`, packages).href, shortCircuit: true };
  },
});
