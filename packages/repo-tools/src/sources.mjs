// Loaded with `--import` into processes that tests start: like the tests, they run sources and need no build.
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new URL("../../", import.meta.url);

/** @param {string} specifier */
function source(specifier) {
  const [, name, part = "index"] = /^@semel\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const places = [`${part}.ts`, `${part}/index.ts`, `${part}.mjs`].map(
    (path) => new URL(`${name}/src/${path}`, packages),
  );
  return places.find((place) => existsSync(place))?.href;
}

registerHooks({
  resolve(specifier, context, next) {
    const url = source(specifier);
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
  },
});
