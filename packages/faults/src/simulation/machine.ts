import type {
  Answer,
  decide,
  EpochMs,
  GuardKey,
  JobRecord,
  JobStore,
  Operation,
  StepRecord,
  Writes,
} from "@semel/core/adapter";

/** Whatever decides operations at an instant that it is told: the state machine itself, or a store on a turned clock. */
export interface Machine {
  readonly name: string;
  /** Answers in the order of the operations; those on one key see each other. */
  apply(operations: readonly Operation[], now: EpochMs): Promise<readonly Answer[]> | readonly Answer[];
}

/** The state machine, of the type that stores run. A test may hand in one that is broken. */
export type Decide = typeof decide;

interface Kept {
  record: JobRecord;
  steps: Map<string, StepRecord>;
  result: string | undefined;
}

/** The pure function over a map: nothing but the state machine is simulated. */
export function decideMachine(decideOne: Decide, name = "decide"): Machine {
  const kept = new Map<GuardKey, Kept>();
  const apply = (operation: Operation, now: EpochMs): Answer => {
    const found = kept.get(operation.key);
    const step = "step" in operation ? found?.steps.get(operation.step) : undefined;
    const { answer, writes } = decideOne(operation, { record: found?.record, step }, now, () => 0);
    if (writes) write(operation.key, found, writes);
    return answer.is === "replayed" ? { ...answer, result: kept.get(operation.key)?.result } : answer;
  };
  const write = (key: GuardKey, found: Kept | undefined, { record, step, clearSteps, result }: Writes): void => {
    if (record === null) return void kept.delete(key);
    const next = found ?? { record, steps: new Map<string, StepRecord>(), result: undefined };
    next.record = record;
    if (clearSteps) next.steps.clear();
    if (step?.record === null) next.steps.delete(step.name);
    else if (step) next.steps.set(step.name, step.record);
    if (result !== undefined) next.result = result ?? undefined;
    kept.set(key, next);
  };
  return { name, apply: (operations, now) => operations.map((operation) => apply(operation, now)) };
}

/** Operations of one call: about what a busy process sends at once. */
const mostAtOnce = 500;

/** A store that takes its time from `turn`, which is told before each call. */
export function storeMachine(name: string, store: JobStore, turn: (now: EpochMs) => void): Machine {
  return {
    name,
    async apply(operations, now) {
      turn(now);
      const answers: Answer[] = [];
      for (let from = 0; from < operations.length; from += mostAtOnce)
        answers.push(...(await store.apply(operations.slice(from, from + mostAtOnce))));
      return answers;
    },
  };
}
