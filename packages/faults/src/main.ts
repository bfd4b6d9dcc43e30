import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { type Arguments, readArguments, usage } from "./arguments.ts";
import { isBroken } from "./figure.ts";
import { type Progress, terminalProgress } from "./progress.ts";
import type { Run } from "./run.ts";
import { runs } from "./runs.ts";
import { startRun } from "./start-run.ts";
import { table } from "./table.ts";

const outFolder = join(import.meta.dirname, "..", "out");

/**
 * The command. Answers the exit code: 0 when every promise that was put to the test holds, 1 when one does not, 2 when it
 * was asked for something that there is not.
 */
export async function main(args: readonly string[]): Promise<number> {
  let wanted: Arguments;
  try {
    wanted = readArguments(args);
    for (const name of wanted.names)
      if (!runs.some((run) => run.name === name))
        throw new Error(`No such run: ${name}. There are ${runs.map((run) => run.name).join(", ")}.`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
  if (wanted.help) {
    console.log(usage);
    return 0;
  }
  if (wanted.list) {
    for (const { name, about, longOnly } of runs)
      console.log(`${name.padEnd(11)} ${about}${longOnly ? " (--long)" : ""}`);
    return 0;
  }
  const { names, form, seed } = wanted;
  const chosen = runs.filter((run) => (names.length > 0 ? names.includes(run.name) : form === "long" || !run.longOnly));
  const load = loadavg().map((average) => Math.round(average * 10) / 10);
  console.log(
    `seed ${seed}, ${form} form, Node ${process.version}, ${availableParallelism()} cores, load ${load.join(" ")}\n`,
  );
  const { held, broken } = await all(chosen, wanted, terminalProgress());
  console.log(`${held} held, ${broken} broken`);
  return broken > 0 ? 1 : 0;
}

async function all(
  chosen: readonly Run[],
  wanted: Arguments,
  progress: Progress,
): Promise<{ held: number; broken: number }> {
  const total = { held: 0, broken: 0 };
  const waiting = [...chosen];
  const next = async (): Promise<void> => {
    for (let run = waiting.shift(); run; run = waiting.shift()) {
      const { held, broken } = await one(run, wanted, progress);
      total.held += held;
      total.broken += broken;
    }
  };
  await Promise.all(Array.from({ length: wanted.together }, next));
  return total;
}

/** Does, prints and keeps one run. */
async function one(
  { name, about }: Run,
  { form, seed }: Arguments,
  progress: Progress,
): Promise<{ held: number; broken: number }> {
  const started = performance.now();
  progress.at(name, "begins");
  const { figures, problem } = await startRun({ name, form, seed }, (text) => progress.at(name, text));
  progress.end(name);
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(`${name}: ${about} (${seconds} s)\n${figures.length > 0 ? `${table(figures)}\n` : ""}`);
  if (problem !== undefined)
    console.log(`  BROKEN OFF (npm run test:faults -- ${name} --seed ${seed})\n${problem.replace(/^/gm, "  | ")}\n`);
  mkdirSync(outFolder, { recursive: true });
  const kept = {
    run: name,
    about,
    form,
    seed,
    at: new Date().toISOString(),
    node: process.version,
    seconds,
    problem,
    figures,
  };
  writeFileSync(join(outFolder, `${name}.json`), `${JSON.stringify(kept, undefined, 2)}\n`);
  const broken = figures.filter(isBroken).length + (problem === undefined ? 0 : 1);
  return { held: figures.filter(({ verdict }) => verdict === "ok").length, broken };
}
