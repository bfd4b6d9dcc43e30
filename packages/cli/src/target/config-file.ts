import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { usage } from "../complaint.ts";
import type { SemelConfig } from "./config.ts";

const endings = ["ts", "mts", "js", "mjs", "cjs", "json"] as const;
const known: readonly (keyof SemelConfig)[] = ["url", "backend", "namespace", "deadline"];

export interface FoundConfig {
  readonly path: string;
  readonly config: SemelConfig;
}

/** The file that was named, or the nearest `semel.config.*` from here upwards. */
export async function findConfig(cwd: string, named: string | undefined): Promise<FoundConfig | undefined> {
  if (named !== undefined) {
    const path = resolve(cwd, named);
    if (!existsSync(path)) throw usage(`--config: there is no file ${path}`);
    return { path, config: checked(path, await read(path)) };
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = endings.map((ending) => join(folder, `semel.config.${ending}`)).find(existsSync);
    if (path) return { path, config: checked(path, await read(path)) };
    if (dirname(folder) === folder) return undefined;
  }
}

async function read(path: string): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(readFileSync(path, "utf8"));
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const { default: config } = loaded;
    // A CommonJS file that was compiled from `export default`.
    return (config as { readonly default?: unknown } | undefined)?.default ?? config;
  } catch (error) {
    const isTyped = /\.m?ts$/.test(path) && (error as { code?: unknown }).code === "ERR_UNKNOWN_FILE_EXTENSION";
    const why = isTyped ? "Node reads TypeScript from 22.18 on; update it, or write semel.config.mjs" : String(error);
    const isCommonJs =
      error instanceof SyntaxError && /import statement outside a module|Unexpected token 'export'/.test(error.message);
    const fix = isCommonJs ? '; name it .mts or .mjs, or say "type": "module" in package.json' : "";
    throw usage(`${path} cannot be read: ${why}${fix}`);
  }
}

function checked(path: string, config: unknown): SemelConfig {
  if (typeof config !== "object" || config === null)
    throw usage(`${path}: expected \`export default defineConfig({ url: … })\`, got ${typeof config}`);
  const surplus = Object.keys(config).find((key) => !(known as readonly string[]).includes(key));
  if (surplus !== undefined) {
    const meant = known.find((key) => distance(key, surplus) <= 2);
    throw usage(
      `${path}: there is no option "${surplus}"${meant ? `; did you mean "${meant}"?` : `; there are ${known.join(", ")}`}`,
    );
  }
  const { url, backend } = config as SemelConfig;
  if ((url === undefined) === (backend === undefined))
    throw usage(`${path}: expected either url or backend, got ${url === undefined ? "neither" : "both"}`);
  if (url !== undefined && typeof url !== "string") throw usage(`${path}: url: expected a text, got ${typeof url}`);
  if (backend !== undefined && typeof backend !== "function")
    throw usage(`${path}: backend: expected a function that makes it, () => …, got ${typeof backend}`);
  return config as SemelConfig;
}

/** Letters to change, insert or take away (Levenshtein); of words as short as names of options are. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
