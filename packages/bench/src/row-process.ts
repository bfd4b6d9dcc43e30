/*
 * One row in a process of its own: no row is measured with what another has left behind in memory or in compiled code.
 * Started by main.ts with what it is to do as JSON; the figures go back over the channel between the two.
 */

import { survive } from "./crash.ts";
import type { Figure } from "./figure.ts";
import { redisVersion } from "./place.ts";
import { terminalProgress } from "./progress.ts";
import type { Form } from "./row.ts";
import { rows } from "./rows.ts";

/** What a row's process is told. */
export interface RowTask {
  readonly name: string;
  readonly form: Form;
  readonly only: string | undefined;
  readonly cases: string | undefined;
}

/** What a row's process answers. */
export interface RowAnswer {
  readonly figures: readonly Figure[];
  /** Version of the Redis, where there was one. */
  readonly redis: string | undefined;
}

const task = JSON.parse(process.argv[2] ?? "{}") as RowTask;
const row = rows.find(({ name }) => name === task.name);
if (!row) throw new Error(`there is no row ${task.name}`);
const progress = terminalProgress(row.name);
const { form, only, cases } = task;
// Whoever started us is gone: nobody wants the figures any more.
process.once("disconnect", () => process.exit(1));
survive();
const figures = await row.run({ form, only, cases, progress });
progress.end();
await new Promise<void>((resolve, reject) => {
  if (!process.send) return resolve();
  const answer: RowAnswer = { figures, redis: redisVersion() };
  process.send(answer, undefined, {}, (error) => (error ? reject(error) : resolve()));
});
// Of a peer that failed, connections may be left.
process.exit();
