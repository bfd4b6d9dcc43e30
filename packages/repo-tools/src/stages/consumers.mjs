import { jest } from "../consumers/jest.mjs";
import { nest } from "../consumers/nest.mjs";
import { plain } from "../consumers/plain.mjs";
import { executableOf } from "../consumers/runtimes.mjs";
import { toolNode } from "../environment.mjs";
import { packedPackages } from "../packed.mjs";
import { StepError, stopwatch } from "../progress.mjs";
import { missing, readmeProgram } from "../readme-program.mjs";
import { tally } from "./stage.mjs";

/** Projects installed, and trials run, at a time. */
const atATime = 2;

/** @type {import("./stage.mjs").Stage} */
export const consumers = {
  name: "consumers",
  about: "the packed packages in users' projects: ESM, CommonJS, Jest, Nest, three TypeScripts, Node 22, 24, 26, Bun",
  needsBuild: true,
  speaks: true,
  async run(temp) {
    const readme = readmeProgram();
    if (readme === undefined) return tally([{ title: "the README's program", problem: missing }]);
    await packedPackages();
    /** @type {import("./stage.mjs").Check[]} */
    const checks = [];
    /** @type {string[]} */
    const notRun = [];
    /** @type {import("../consumers/project.mjs").Trial[]} */
    const trials = [];
    await eachOf([plain, jest, nest], async (project) => {
      await spoken(`installed: ${project.name}`, checks, async () => {
        trials.push(...(await project(temp, readme)));
        return undefined;
      });
    });
    const runtimes = new Map();
    await eachOf(trials, async ({ title, needs, run }) => {
      if (needs !== undefined && !runtimes.has(needs)) runtimes.set(needs, executableOf(needs));
      const executable = needs === undefined ? toolNode() : await runtimes.get(needs);
      if (executable === undefined) {
        notRun.push(title);
        console.log(`  NOT RUN: ${title}: npm has no build of it for ${process.platform}-${process.arch}`);
        return;
      }
      await spoken(title, checks, () => run(executable));
    });
    const counts = tally(checks);
    return notRun.length === 0 ? counts : { ...counts, note: `${notRun.length} NOT RUN on this platform` };
  },
};

/**
 * Says what came of it, and in what time.
 *
 * @param {string} title
 * @param {import("./stage.mjs").Check[]} checks
 * @param {() => Promise<import("./stage.mjs").Check | undefined>} work
 */
async function spoken(title, checks, work) {
  const stop = stopwatch();
  /** @type {import("./stage.mjs").Check} */
  let check;
  try {
    check = (await work()) ?? { title };
  } catch (error) {
    const problem = error instanceof Error && !(error instanceof StepError) ? (error.stack ?? "") : String(error);
    check = { title, problem };
  }
  checks.push(check);
  console.log(`  ${title} … ${stop()}${check.problem === undefined ? "" : ", failed"}`);
}

/**
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => Promise<void>} work
 */
async function eachOf(all, work) {
  const waiting = [...all];
  const line = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: atATime }, line));
}
