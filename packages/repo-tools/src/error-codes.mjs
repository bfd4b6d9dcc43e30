import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "./child.mjs";
import { toolNode } from "./environment.mjs";
import { StepError } from "./progress.mjs";
import { root } from "./repository.mjs";

/** Codes that were ever published. Users match on them, so none goes in silence. */
const committed = join(root, "packages", "core", "etc", "error-codes.txt");

const head = `# Every code an error can carry; programs match on them. npm run api adds a new one. One that goes stays here, marked by hand:
#   OLD_CODE gone: NEW_CODE says it now
`;

/**
 * @typedef {object} CodeChanges  Between what is committed and what the built core has.
 * @property {string[]} added
 * @property {string[]} missing committed, not marked as gone, and not there
 * @property {string[]} revived marked as gone, and there
 */

/**
 * @param {string} text of the committed list
 * @param {readonly string[]} codes that there are
 * @returns {CodeChanges}
 */
export function codeChanges(text, codes) {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const known = lines.map((line) => ({ code: line.split(" ", 1)[0] ?? "", isGone: / gone: \S/.test(line) }));
  return {
    added: codes.filter((code) => !known.some((one) => one.code === code)),
    missing: known.filter(({ code, isGone }) => !isGone && !codes.includes(code)).map(({ code }) => code),
    revived: known.filter(({ code, isGone }) => isGone && codes.includes(code)).map(({ code }) => code),
  };
}

/** @returns {Promise<import("./stages/stage.mjs").Check>} */
export async function errorCodesCheck() {
  const title = "error codes";
  const { added, missing, revived } = codeChanges(committedText(), await builtCodes());
  const problems = [
    ...added.map((code) => `${code} is new: npm run api writes it down`),
    ...broken({ missing, revived }),
  ];
  return problems.length === 0 ? { title } : { title, problem: problems.join("\n") };
}

/**
 * Writes down what is new. What is gone is for a person to mark.
 *
 * @returns {Promise<string | undefined>} the file, if it was written
 */
export async function commitErrorCodes() {
  const text = committedText();
  const { added, missing, revived } = codeChanges(text, await builtCodes());
  const problems = broken({ missing, revived });
  if (problems.length > 0) throw new StepError(problems.join("\n"));
  if (added.length === 0) return undefined;
  writeFileSync(committed, `${text === "" ? head : text}${added.map((code) => `${code}\n`).join("")}`);
  return relative(root, committed);
}

/** @param {Pick<CodeChanges, "missing" | "revived">} changes */
function broken({ missing, revived }) {
  const where = relative(root, committed);
  return [
    ...missing.map(
      (code) =>
        `${code} is gone or renamed. Programs match on it: mark its line in ${where} ("${code} gone: …"), and give the change a changeset that says so.`,
    ),
    ...revived.map(
      (code) => `${code} was gone and may not mean something else now: give the new error a code of its own.`,
    ),
  ];
}

const committedText = () => (existsSync(committed) ? readFileSync(committed, "utf8") : "");

/** @returns {Promise<string[]>} */
async function builtCodes() {
  const core = pathToFileURL(join(root, "packages", "core", "dist", "index.mjs")).href;
  const script = `import { errorCodes } from ${JSON.stringify(core)}; console.log(JSON.stringify(errorCodes));`;
  const { code, stdout, output } = await run(toolNode(), ["--input-type=module", "--eval", script]);
  if (code !== 0) throw new StepError("The error codes could not be read from the built core.", output);
  return JSON.parse(stdout);
}
