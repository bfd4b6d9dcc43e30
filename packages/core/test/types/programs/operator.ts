/** (d) Somebody looks after jobs: what is there, what died, and back with it. Needs no job definition. */
import { type Backend, createSemel, type SemelError } from "@semel/core";

export interface Report {
  readonly waiting: Readonly<Record<string, number>>;
  readonly groups: readonly string[];
  readonly letters: readonly string[];
  readonly redriven: readonly string[];
  readonly refused: readonly SemelError["code"][];
}

/** @param isDryRun only looks; what is brought back runs, and costs, once more. */
export async function operate(backend: Backend, isDryRun: boolean): Promise<Report> {
  const semel = createSemel({ ...backend, logger: false });
  try {
    const counts = await semel.counts();
    const waiting = Object.fromEntries(counts.map(({ queue, pending }) => [queue, pending]));
    const groups = (await semel.deadLetters.groups({ newerThan: "1d" })).map(
      ({ type, reason, count }) => `${count} × ${type}: ${reason}`,
    );
    const letters: string[] = [];
    const redriven: string[] = [];
    const refused: SemelError["code"][] = [];
    const ids: string[] = [];
    for await (const letter of semel.deadLetters.list({ reason: "ATTEMPTS_EXHAUSTED", limit: 5_000 })) {
      letters.push(`${letter.type}: ${letter.error.code} after ${letter.attempts} attempts`);
      ids.push(letter.id);
    }
    // After the list has been read: each redrive takes a letter out of it.
    for (const id of isDryRun ? [] : ids) {
      try {
        redriven.push(await semel.deadLetters.redrive(id));
      } catch (error) {
        // Done or taken up otherwise meanwhile.
        refused.push((error as SemelError).code);
      }
    }
    return { waiting, groups, letters, redriven, refused };
  } finally {
    await semel.close();
  }
}
