/**
 * The states a job's record can be in. `docs/glossary.md` has the one table of them.
 * `pending` waits for its first attempt, `retrying` for its next; `delayed` and `held` are views of these two.
 */
export type JobState = "pending" | "running" | "retrying" | "completed" | "dead" | "cancelled";

/** The states from which nothing happens any more unless somebody asks for it. */
export type FinalState = "completed" | "dead" | "cancelled";

export const isFinal = (state: JobState): state is FinalState =>
  state === "completed" || state === "dead" || state === "cancelled";
