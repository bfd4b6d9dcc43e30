import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { StepError, step } from "./progress.mjs";

/** @param {string} result */
const onlyIfUnchanged = (result) => (result === "unchanged" ? result : "");

/**
 * Brings a fresh clone to where its packages can be used.
 *
 * @param {NodeJS.WriteStream} out where progress goes
 * @param {{ packages?: boolean }} [options] `packages: false` leaves the build out
 */
export async function prepare(out, { packages = true } = {}) {
  await step(out, "install", install, onlyIfUnchanged);
  if (packages) await step(out, "build", build, onlyIfUnchanged);
}

/**
 * Runs a command's main function; a failed step is shown as a message rather than as a stack trace.
 *
 * @param {() => Promise<void>} main
 */
export async function command(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(String(error));
    process.exitCode = 1;
  }
}
