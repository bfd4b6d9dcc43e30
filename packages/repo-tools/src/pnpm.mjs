import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "./child.mjs";
import { StepError } from "./progress.mjs";
import { cacheFolder } from "./repository.mjs";

/** Version 10 is the last that starts on Node 20. The hash is checked by npm. */
export const pnpmVersion = "10.34.9";
const integrity = "sha512-9JtajqD97bRLs8DB1ldQkqU8KVDZW3rRXfEfF5dId6LeOgHAfpNOmyjOcW5RwJqUlixzBtCb4uHksYqMh2L9Mg==";

const folder = join(cacheFolder, `pnpm-${pnpmVersion}`);
const script = join(folder, "node_modules", "pnpm", "bin", "pnpm.cjs");

/** For PATH: turbo starts `pnpm` by name. */
export const pnpmBinFolder = join(folder, "node_modules", ".bin");

/**
 * Gets pnpm once, into this repository only.
 *
 * @returns {Promise<string>} path of the script, to be run by Node
 */
export async function ensurePnpm() {
  if (existsSync(script)) return script;
  mkdirSync(cacheFolder, { recursive: true });
  // Filled beside its place and moved there when complete: an interrupted run leaves nothing that looks installed.
  const draft = mkdtempSync(join(cacheFolder, "pnpm-draft-"));
  try {
    const dependencies = { pnpm: pnpmVersion };
    const packages = {
      "": { dependencies },
      "node_modules/pnpm": { version: pnpmVersion, integrity, bin: { pnpm: "bin/pnpm.cjs" } },
    };
    writeFileSync(join(draft, "package.json"), JSON.stringify({ private: true, dependencies }));
    writeFileSync(join(draft, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
    const { code, output } = await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], draft);
    if (code !== 0) throw new StepError(`npm could not get pnpm ${pnpmVersion}.`, output);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return script;
}

/**
 * Runs the npm that started us, or the one on PATH.
 *
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} [env]
 */
export function npm(args, cwd, env = process.env) {
  const own = process.env.npm_execpath;
  if (own !== undefined && basename(own) === "npm-cli.js") return run(process.execPath, [own, ...args], { cwd, env });
  return run("npm", args, { cwd, env, shell: process.platform === "win32" });
}
