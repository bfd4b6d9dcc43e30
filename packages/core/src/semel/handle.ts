import { knownOnly } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import type { DefinedJob } from "../job/define-job.ts";
import type { Enqueued, ResultOptions } from "../job/enqueued.ts";
import type { JobId } from "../job/identity.ts";
import type { AnyJob, ResultOf } from "../job/job.ts";
import { isFinal } from "../job/state.ts";
import { decodeValue } from "../job/value.ts";
import { readable, toMs } from "../runtime/duration.ts";
import type { Admitted } from "./admit.ts";
import type { Engine } from "./engine.ts";

/** What the caller of `enqueue` gets in hand. */
export function handle<J extends AnyJob>(engine: Engine, job: DefinedJob, admission: Admitted): Enqueued<J> {
  const { id } = admission;
  const result = (options: ResultOptions = {}): Promise<ResultOf<J>> => resultOf(engine, job, id, options);
  switch (admission.is) {
    case "created":
      return { id, result, outcome: "created" };
    case "duplicate":
      return { id, result, outcome: "duplicate", state: admission.state };
    case "replayed": {
      const value = admission.result === undefined ? undefined : decodeValue<ResultOf<J>>(admission.result);
      return { id, result, outcome: "replayed", value, finishedAt: new Date(admission.finishedAt) };
    }
  }
}

async function resultOf<T>(engine: Engine, job: DefinedJob, id: JobId, options: ResultOptions): Promise<T> {
  knownOnly(options, ["timeout", "signal"], "result");
  const timeoutMs = toMs(options.timeout ?? "5m", "result.timeout");
  const timeout = (): SemelError =>
    new SemelError("RESULT_TIMEOUT", `${job.type} ${id} has not ended within ${readable(timeoutMs)}; the job goes on`, {
      isRetryable: true,
      details: { id },
    });
  const { signal } = options;
  const record = await engine.waiters.until(id, (seen) => ended(job, id, seen), { timeoutMs, timeout, signal });
  return storedResult<T>(engine, job, record);
}

/** The record once it is final. */
function ended(job: DefinedJob, id: JobId, record: JobRecord | undefined): JobRecord | undefined {
  if (record && record.id !== id) throw superseded(job, id, record);
  if (record) return isFinal(record.state) ? record : undefined;
  throw new SemelError(
    "JOB_NOT_FOUND",
    `the store does not know ${job.type} ${id} (any more): its record has expired, was erased, or the store lost it`,
    { details: { id } },
  );
}

const superseded = (job: DefinedJob, id: JobId, { id: by, state }: JobRecord): SemelError =>
  new SemelError("JOB_SUPERSEDED", `${job.type} ${id} has made way for ${by} (${state}); ask that one`, {
    details: { id, by, state },
  });

async function storedResult<T>(engine: Engine, job: DefinedJob, record: JobRecord): Promise<T> {
  const details = { id: record.id, type: job.type, reason: record.reason, error: record.error };
  const why = record.error ? `: ${record.error.message}` : "";
  if (record.state === "dead")
    throw new SemelError("JOB_DEAD", `${job.type} ${record.id} is dead, ${record.reason}${why}`, { details });
  if (record.state === "cancelled")
    throw new SemelError("JOB_CANCELLED", `${job.type} ${record.id} was cancelled${why}`, { details });
  if (record.result?.kind === "omitted")
    throw new SemelError(
      "RESULT_UNAVAILABLE",
      `${job.type} ${record.id} completed, but its result was not kept: ${record.result.why}`,
      { details },
    );
  const stored = await engine.asked("result", () => engine.guard.store.result(record.key));
  return decodeValue<T>(stored ?? "");
}
