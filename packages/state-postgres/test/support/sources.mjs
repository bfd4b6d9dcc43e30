// Loaded with `--import` into child processes of tests: like the tests, they run sources and need no build.
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new URL("../../../", import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    const [, name, part = "index"] = /^@semel\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    if (name === undefined) return next(specifier, context);
    const file = new URL(`${name}/src/${part}.ts`, packages);
    const folder = new URL(`${name}/src/${part}/index.ts`, packages);
    return { url: (existsSync(file) ? file : folder).href, shortCircuit: true };
  },
});
