import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asMain } from "../readme-program.mjs";
import { publishedPackages } from "../repository.mjs";
import { installConsumer, layOut, printed, trial } from "./project.mjs";
import { bun, node22, node24, node26 } from "./runtimes.mjs";

/** Node says so of types it strips, on some of its lines. */
const quiet = "--disable-warning=ExperimentalWarning";

/**
 * Programs and TypeScript, in an empty project with nothing but ours and zod.
 *
 * @param {string} temp
 * @param {import("../readme-program.mjs").ReadmeProgram} readme
 * @returns {Promise<import("./project.mjs").Trial[]>}
 */
export async function plain(temp, readme) {
  const folder = await layOut(temp, "plain", readme);
  await installConsumer(folder, { "semel-core-copy": "@semel/core" });
  // Loaded late: this file is read before anything is installed.
  const { transform } = await import("esbuild");
  const { code } = await transform(asMain(readme.program), { loader: "ts", format: "cjs" });
  writeFileSync(join(folder, "program.ts"), readme.program);
  writeFileSync(join(folder, "program.cjs"), `${code}\nmodule.exports.main();\n`);
  mkdirSync(join(folder, "runs"));

  /** @param {string} name @param {string[]} args @param {import("./project.mjs").Judge} [judge] */
  const onEveryNode = (name, args, judge) =>
    [node22, node24, node26].map((needs) => {
      const title = `${name}, ${needs.name}`;
      return { title, needs, run: (/** @type {string} */ node) => trial(title, folder, node, [quiet, ...args], judge) };
    });
  /** @type {Promise<string> | undefined} the folder in which the program ran first */
  let first;
  /**
   * The program keeps its jobs in the folder it is started in, one process at a time. It makes its database anew once, which takes
   * seconds; then other runtimes open a copy of what that one left.
   *
   * @param {string} name
   * @param {import("./runtimes.mjs").Runtime} needs
   * @param {string} file
   */
  const program = (name, needs, file) => {
    const title = `${name}, ${needs.name}`;
    const run = async (/** @type {string} */ executable) => {
      const cwd = mkdtempSync(join(folder, "runs", "run-"));
      cpSync(join(folder, file), join(cwd, file));
      const flags = needs.kind === "node" ? [quiet] : [];
      const start = () => trial(title, cwd, executable, [...flags, file], printed(readme.prints));
      if (first === undefined) {
        const running = start();
        first = running.then(() => cwd);
        return running;
      }
      cpSync(join(await first, ".semel"), join(cwd, ".semel"), { recursive: true });
      return start();
    };
    return { title, needs, run };
  };
  /** @param {string} compiler @param {string} settings */
  const compiles = (compiler, settings) => {
    const title = `${compiler.replace("typescript-", "TypeScript ")}, strict, every declaration checked, ${settings}`;
    const args = [join("node_modules", compiler, "bin", "tsc"), "--pretty", "false", "-p", `tsconfig.${settings}.json`];
    return { title, run: (/** @type {string} */ node) => trial(title, folder, node, args) };
  };
  const peer = "a peer that is not installed is asked for by name";
  return [
    program("the README's program, ESM", node22, "program.ts"),
    compiles("typescript-5.9", "nodenext"),
    compiles("typescript-5.9", "node10"),
    compiles("typescript-6", "nodenext"),
    compiles("typescript-7", "nodenext"),
    compiles("typescript-7", "bundler"),
    ...[node24, node26, bun].map((runtime) => program("the README's program, ESM", runtime, "program.ts")),
    ...[node22, node24, node26].map((runtime) => program("the README's program, CommonJS", runtime, "program.cjs")),
    ...onEveryNode("three copies of core", ["two-copies.mjs"], printed("understood")),
    ...onEveryNode("a test on the test kit", ["--test", "kit.test.ts"]),
    ...onEveryNode("every entry loads, by import and by require", ["load.mjs"]),
    { title: peer, run: (node) => trial(peer, folder, node, ["missing-peer.mjs"], printed("told")) },
    ...bins().flatMap(({ name, path }) => onEveryNode(`${name} says what it can do`, [path, "--help"])),
  ];
}

/** The commands of our packages, where npm has put them. */
function bins() {
  return publishedPackages().flatMap(({ manifest }) => {
    const { bin = {} } = /** @type {{ bin?: string | Record<string, string> }} */ (/** @type {unknown} */ (manifest));
    const paths = typeof bin === "string" ? { [manifest.name]: bin } : bin;
    return Object.entries(paths).map(([name, path]) => ({ name, path: join("node_modules", manifest.name, path) }));
  });
}
