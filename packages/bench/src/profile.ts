import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { RowTask } from "./row-process.ts";
import { runRow } from "./run-row.ts";

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** A function and the time in which it, and nothing it called, was running. */
export interface SelfTime {
  readonly name: string;
  readonly where: string;
  readonly ms: number;
  /** Of all the time in which anything was running. */
  readonly share: number;
}

/** Idle is no work, and the program's own frame stands for what is no JavaScript. */
const idle = "(idle)";

/** Runs a row under Node's profiler and answers the functions with the most self time, the most first. */
export async function profileRow(task: RowTask, count: number): Promise<readonly SelfTime[]> {
  const folder = mkdtempSync(join(tmpdir(), "semel-profile-"));
  try {
    await runRow(task, ["--cpu-prof", `--cpu-prof-dir=${folder}`]);
    const [file] = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
    if (file === undefined) throw new Error("Node wrote no profile");
    return selfTimes(JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile).slice(0, count);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { readonly frame: CallFrame; us: number }>();
  let total = 0;
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id);
    const us = Math.max(0, timeDeltas[at] ?? 0);
    if (!frame || frame.functionName === idle) continue;
    total += us;
    const key = `${frame.functionName} ${frame.url}:${frame.lineNumber}`;
    const known = times.get(key) ?? { frame, us: 0 };
    known.us += us;
    times.set(key, known);
  }
  return [...times.values()]
    .toSorted((a, b) => b.us - a.us)
    .map(({ frame, us }) => ({
      name: frame.functionName || "(anonymous)",
      where: frame.url === "" ? "" : `${placeOf(frame.url)}:${frame.lineNumber + 1}`,
      ms: us / 1_000,
      share: us / total,
    }));
}

/** The package and the file: enough to find it. */
function placeOf(url: string): string {
  const path = url.replace(/^file:\/\//, "");
  const inside = path.match(/node_modules\/(?!.*node_modules\/)(.+)$/) ?? path.match(/packages\/(.+)$/);
  return inside?.[1] ?? basename(path);
}

/** As lines of text. */
export const profileTable = (functions: readonly SelfTime[]): string =>
  functions
    .map(({ name, where, ms, share }) => {
      const part = `${(share * 100).toFixed(1)} %`.padStart(7);
      return `${part}  ${`${ms.toFixed(0)} ms`.padStart(9)}  ${name}  ${where}`.trimEnd();
    })
    .join("\n");
