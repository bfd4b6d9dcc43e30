/** @typedef {{ passed: number, failed: number, note?: string, problems: string[] }} Tally
 *   `problems` is what to show about failures. */

/** @typedef {{ name: string, about: string, needsBuild: boolean, speaks?: boolean, run: (temp: string) => Promise<Tally> }} Stage
 *   `run` gets a folder of its own, removed afterwards. A stage that `speaks` prints lines of its own, as it takes long; all
 *   others stay silent and return their problems. */

/** @typedef {{ title: string, problem?: string }} Check  No problem means passed. */

/**
 * @param {Check[]} checks
 * @returns {Tally}
 */
export function tally(checks) {
  const problems = checks.flatMap(({ title, problem }) => (problem === undefined ? [] : [`${title}\n${problem}`]));
  return { passed: checks.length - problems.length, failed: problems.length, problems };
}

/**
 * A check that passes when a command exits with 0.
 *
 * @param {string} title
 * @param {import("../child.mjs").RunResult} result
 * @returns {Check}
 */
export function exitCheck(title, { code, output }) {
  return code === 0 ? { title } : { title, problem: `${output.trimEnd()}\n(exit code ${code})` };
}
