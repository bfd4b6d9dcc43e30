import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { pnpmBinFolder } from "./pnpm.mjs";
import { StepError } from "./progress.mjs";
import { root } from "./repository.mjs";

/** The first Node that runs TypeScript files as they are. */
const oldestNode = [22, 18];

/**
 * The Node that runs the tools: the one that came with the installation, or this one where npm has none for the platform.
 *
 * @returns {string} path of the executable
 */
export function toolNode() {
  const installed = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(installed)) return installed;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath;
  throw new StepError(
    `On ${process.platform}-${process.arch} please use Node ${oldestNode.join(".")} or newer; this is ${process.version}.`,
  );
}

/**
 * The Node that runs the product: tests, examples, the demo. `SEMEL_NODE` may name another executable, which is how
 * continuous integration goes through the supported versions.
 *
 * @returns {string} path of the executable
 */
export function productNode() {
  return process.env.SEMEL_NODE || toolNode();
}

/**
 * The environment of a child: the given Node first, then the installed tools, and nothing of the npm that started us.
 *
 * @param {string} node path of the executable
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(node) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    // What npm says about *its* run (which package, which script, which folder) would mislead a package manager below.
    if (/^npm_(?!config_)|^npm_config_(local_prefix|user_agent|prefix|global_prefix)$/i.test(name)) continue;
    env[name] = value;
  }
  env.PATH = [dirname(node), pnpmBinFolder, join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  env.TURBO_TELEMETRY_DISABLED = "1";
  env.TURBO_NO_UPDATE_NOTIFIER = "1";
  return env;
}
