import type { ErrorCode } from "../errors/codes.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { JobId } from "../job/identity.ts";
import type { AnyJob, ResultOf } from "../job/job.ts";
import { decodeValue, type StoredValue } from "../job/value.ts";
import type { Child, ChildState } from "./child.ts";
import type { Work } from "./family.ts";
import type { GroupParts } from "./group.ts";
import type { GroupLog } from "./log.ts";

/** A child as the log of its group has it. */
export function childOf<J extends AnyJob>(parts: GroupParts, log: GroupLog, work: Work, index: number): Child<J> {
  const end = log.ends.get(work.at);
  const state: ChildState = end?.state ?? "open";
  const id = end?.id;
  const who = `${work.type} ${id ?? `at ${index}`}`;
  return {
    index,
    id,
    state,
    reason: end?.reason,
    error: end?.error,
    async result(): Promise<ResultOf<J>> {
      if (state !== "completed") throw notCompleted(who, state, end?.error?.message);
      const kept = end?.result;
      if (kept?.in === "nowhere") throw unavailable(who, kept.why);
      if (kept?.in === "log") return decodeValue<ResultOf<J>>(kept.value);
      const value = kept?.in === "step" ? await log.kept(id ?? "") : await withChild(parts, work, id);
      if (value === undefined) throw unavailable(who, "its record has gone");
      return decodeValue<ResultOf<J>>(value);
    },
  };
}

/** From the child's own record, as long as it is that child's. */
async function withChild(
  { worker }: GroupParts,
  { key }: Work,
  id: JobId | undefined,
): Promise<StoredValue | undefined> {
  const { store } = worker.guard;
  return worker.asked("children", async () => {
    const value = await store.result(key);
    const [record] = await store.read([key]);
    return record?.id === id && record?.state === "completed" ? value : undefined;
  });
}

const unavailable = (who: string, why: string): SemelError =>
  new SemelError("RESULT_UNAVAILABLE", `${who} completed, but its result was not kept: ${why}`);

const codes: Readonly<Record<Exclude<ChildState, "completed">, ErrorCode>> = {
  dead: "JOB_DEAD",
  cancelled: "JOB_CANCELLED",
  conflict: "CORRELATION_CONFLICT",
  expired: "JOB_NOT_FOUND",
  open: "JOB_NOT_ENDED",
};

const notCompleted = (who: string, state: Exclude<ChildState, "completed">, why: string | undefined): SemelError =>
  new SemelError(codes[state], `${who} has no result, it is ${state}${why ? `: ${why}` : ""}`, { details: { state } });
