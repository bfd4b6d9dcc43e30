import type { Run } from "./run.ts";
import type { SeenEffect } from "./watched.ts";

/** What is to be said of one run, held against one that nothing disturbed. */
export interface Judgement {
  /** Repeats in the one window, under the same key. Nobody can avoid them but a provider that honours the key. */
  readonly inWindow: number;
  /** Effects that did not happen again, because their key was known. */
  readonly honoured: number;
  /** Effects beyond those. */
  readonly repeated: number;
  readonly problems: readonly string[];
}

const ended = ["completed", "dead", "cancelled"];

export function judge(run: Run, undisturbed: Run, isCounted: boolean): Judgement {
  const problems: string[] = [];
  if (!ended.includes(run.state)) problems.push(`the job never ended: it is ${run.state}`);
  const judged = isCounted ? judgeCount(run, undisturbed) : judgeEffects(run, undisturbed, problems);
  const honoured = run.effects.filter(({ happened }) => !happened).length;
  return { ...judged, honoured, problems: [...problems, ...judged.problems] };
}

/** A number says how many, not which: as many as there were windows are put down to them. */
function judgeCount(run: Run, undisturbed: Run): Omit<Judgement, "honoured"> {
  const extra = Math.max(0, run.counted - undisturbed.counted);
  const windows = run.executions.filter(({ isDone, end }) => isDone && end === "cut").length;
  const inWindow = Math.min(extra, windows);
  const repeated = extra - inWindow;
  const problem = `${run.counted} effects happened where an undisturbed run has ${undisturbed.counted}; ${inWindow} repeats are accounted for by a worker that died between an effect and its record`;
  return { inWindow, repeated, problems: repeated > 0 ? [problem] : [] };
}

function judgeEffects(run: Run, undisturbed: Run, problems: string[]): Omit<Judgement, "honoured"> {
  const usual = grouped(undisturbed.effects);
  const seen = grouped(run.effects);
  let inWindow = 0;
  let repeated = 0;
  for (const [group, effects] of seen) {
    const expected = usual.get(group)?.length ?? 0;
    if (effects.length <= expected) continue;
    const verdict = judgeRepeats(effects, expected);
    if (verdict === undefined) inWindow += effects.length - expected;
    else {
      repeated += effects.length - expected;
      problems.push(`${effects[0]?.name} happened ${effects.length} times, ${expected} expected: ${verdict}`);
    }
  }
  if (run.state === "completed")
    for (const [group, effects] of usual) {
      const happened = seen.get(group)?.length ?? 0;
      if (happened < effects.length)
        problems.push(
          `${effects[0]?.name} happened ${happened} times, ${effects.length} expected: the job completed without it`,
        );
    }
  return { inWindow, repeated, problems: [] };
}

/** Why these are no repeats of the one window; `undefined` if they are. */
function judgeRepeats(effects: readonly SeenEffect[], expected: number): string | undefined {
  const executions = [...new Set(effects.map(({ execution }) => execution))];
  const [first] = executions;
  if (!first) return "it is not within a step; put it into once(…)";
  if (expected === 0)
    return `an undisturbed run has no step ${first.step} with it; a step needs the same name on every attempt`;
  const most = Math.max(...executions.map((one) => effects.filter(({ execution }) => execution === one).length));
  if (most > expected) return `step ${first.step} does it more often than in an undisturbed run`;
  const before = executions.slice(0, -1);
  if (before.some((execution) => execution?.end === "threw"))
    return `step ${first.step} failed after it had happened; end the step with the effect`;
  if (before.some((execution) => execution?.end === "recorded"))
    return `step ${first.step} ran again although it is on record`;
  if (new Set(effects.map(({ key }) => key)).size > expected)
    return `it was asked for under another key each time; hand on the key that once(…) gives`;
  return undefined;
}

/** Effects that happened, by their name and by the step they happened in. */
function grouped(effects: readonly SeenEffect[]): ReadonlyMap<string, readonly SeenEffect[]> {
  const groups = new Map<string, SeenEffect[]>();
  for (const effect of effects) {
    if (!effect.happened) continue;
    const group = JSON.stringify([effect.name, effect.execution?.key ?? null]);
    groups.set(group, [...(groups.get(group) ?? []), effect]);
  }
  return groups;
}
