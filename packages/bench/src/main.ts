import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Arguments, readArguments, usage } from "./arguments.ts";
import { allHold } from "./figure.ts";
import { problemOf } from "./interleave.ts";
import { type Circumstances, circumstances } from "./machine.ts";
import { profileRow, profileTable } from "./profile.ts";
import type { Row } from "./row.ts";
import type { RowAnswer } from "./row-process.ts";
import { rows } from "./rows.ts";
import { runRow } from "./run-row.ts";
import { table } from "./table.ts";

const outFolder = join(import.meta.dirname, "..", "out");
const profiledFunctions = 25;

/**
 * The command. Answers the exit code: 0 when every claim that was measured holds, 1 when one does not, 2 when it was
 * asked for something that there is not.
 */
export async function main(args: readonly string[]): Promise<number> {
  let wanted: Arguments;
  try {
    wanted = readArguments(args);
    for (const name of wanted.names)
      if (!rows.some((row) => row.name === name))
        throw new Error(`No such row: ${name}. There are ${rows.map((row) => row.name).join(", ")}.`);
  } catch (error) {
    console.error(`${problemOf(error)}\n\n${usage}`);
    return 2;
  }
  if (wanted.help) {
    console.log(usage);
    return 0;
  }
  if (wanted.list) {
    for (const { name, about } of rows) console.log(`${name.padEnd(8)}  ${about}`);
    return 0;
  }
  const chosen = rows.filter(({ name }) => wanted.names.length === 0 || wanted.names.includes(name));
  const surroundings = circumstances();
  console.log(`${described(surroundings)}\n`);
  if (wanted.profile) return profile(chosen[0] as Row, wanted);
  let isAllWell = true;
  for (const row of chosen) isAllWell = (await one(row, wanted, surroundings)) && isAllWell;
  return isAllWell ? 0 : 1;
}

/** Measures, prints and keeps one row; whether its claims hold. */
async function one(row: Row, { form, only, cases }: Arguments, surroundings: Circumstances): Promise<boolean> {
  const started = performance.now();
  let answer: RowAnswer;
  try {
    answer = await runRow({ name: row.name, form, only, cases });
  } catch (error) {
    console.log(`${row.name}: ${problemOf(error)}\n`);
    return false;
  }
  const { figures, redis } = answer;
  const seconds = Math.round((performance.now() - started) / 1_000);
  const sizeNote = form === "default" ? "" : `, ${form} form`;
  console.log(`${row.name}: ${row.about} (${seconds} s${sizeNote})\n\n${table(figures)}\n`);
  mkdirSync(outFolder, { recursive: true });
  const kept = { row: row.name, form, seconds, ...surroundings, redis, figures };
  writeFileSync(join(outFolder, `${row.name}.json`), `${JSON.stringify(kept, undefined, 2)}\n`);
  return allHold(figures);
}

async function profile(
  row: Row,
  { form, only = row.profiled.side, cases = row.profiled.what }: Arguments,
): Promise<number> {
  const functions = await profileRow({ name: row.name, form, only, cases }, profiledFunctions);
  console.log(`${row.name}, ${only}${cases === "" ? "" : `, ${cases}`}: self time\n`);
  console.log(profileTable(functions));
  return 0;
}

function described({ cores, cpu, loadBefore, node, commit, versions }: Circumstances): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version ?? "not there"}`);
  const machine = `${cores} cores, ${cpu}, load ${loadBefore.join(" ")}`;
  return `Node ${node}, ${machine}, commit ${commit ?? "unknown"}\n${named.join(", ")}`;
}
