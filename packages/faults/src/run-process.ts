/*
 * One run in a process of its own: no run is disturbed by another's event loop or memory. Started by main.ts with what it
 * is to do as JSON; the figures go back over the channel between the two.
 */

import type { Figure } from "./figure.ts";
import type { Form } from "./run.ts";
import { runs } from "./runs.ts";
import { chance } from "./simulation/chance.ts";

export interface RunTask {
  readonly name: string;
  readonly form: Form;
  readonly seed: number;
}

/** What a run's process says: how far it is, and at the end what it found out. */
export type RunWord = { readonly is: "progress"; readonly text: string } | RunAnswer;

export interface RunAnswer {
  readonly is: "figures";
  readonly figures: readonly Figure[];
  /** Why there are no more of them. */
  readonly problem: string | undefined;
}

const task = JSON.parse(process.argv[2] ?? "{}") as RunTask;
const run = runs.find(({ name }) => name === task.name);
if (!run) throw new Error(`there is no run ${task.name}`);
// Whoever started us is gone: nobody wants the figures any more.
process.once("disconnect", () => process.exit(1));
const problems: string[] = [];
const problemOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
// What nobody catches is a broken promise of its own.
process.on("uncaughtException", (error) => void problems.push(`nobody caught: ${problemOf(error)}`));

const say = (word: RunWord): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!process.send) return resolve();
    process.send(word, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });

/** @throws when the time is over. */
function tooLate(minutes: number): Promise<never> {
  const late = new Error(`it was not done within ${minutes} minutes`);
  return new Promise((_, reject) => setTimeout(() => reject(late), minutes * 60_000).unref());
}

const { form, seed } = task;
let figures: readonly Figure[] = [];
const resources = new AsyncDisposableStack();
/** What takes longer hangs. Minutes. */
const patience = form === "long" ? 60 : 15;
try {
  const progress = (text: string): void => void say({ is: "progress", text }).catch(() => undefined);
  const done = run.run({ form, seed, chance: chance(seed), progress, resources });
  figures = await Promise.race([done, tooLate(patience)]);
} catch (error) {
  problems.push(problemOf(error));
}
await resources.disposeAsync().catch((error: unknown) => problems.push(problemOf(error)));
await say({ is: "figures", figures, problem: problems.length > 0 ? problems.join("\n") : undefined });
process.exit();
