import { SemelError } from "../errors/semel-error.ts";
import type { JobId } from "../job/identity.ts";
import type { JobState } from "../job/state.ts";

/*
 * Why a letter's job does not come back. In every case the letter stays.
 */

export const notFound = (id: JobId): SemelError =>
  new SemelError("JOB_NOT_FOUND", `there is no dead letter ${id}`, { details: { id } });

export const expired = (id: JobId): SemelError =>
  new SemelError(
    "JOB_NOT_FOUND",
    `${id} cannot be brought back: the store does not know it any more; its record has expired, was erased, or the store lost it`,
    { details: { id } },
  );

export const unreadable = (id: JobId): SemelError =>
  new SemelError(
    "ENVELOPE_INVALID",
    `the letter ${id} holds no job that could be brought back: its envelope cannot be read`,
    { details: { id } },
  );

export const unattended = (id: JobId, type: string): SemelError =>
  new SemelError(
    "TYPE_UNATTENDED",
    `${id} is not brought back: no living worker processes ${type}; start one, or say { unattended: "wait" }`,
    { details: { id, type } },
  );

export const redrivenTooOften = (id: JobId, maxRedrives: number): SemelError =>
  new SemelError(
    "REDRIVES_SPENT",
    `${id} was brought back ${maxRedrives} times and died each time; see why, or raise maxRedrives of the plan`,
    { details: { id, maxRedrives } },
  );

export const unsentFollowUps = (id: JobId): SemelError =>
  new SemelError(
    "FOLLOW_UPS_UNSENT",
    `${id} cannot be brought back yet: follow-up jobs it left are not known to be enqueued; a worker sees to them`,
    { isRetryable: true, details: { id } },
  );

/** Another job has done a letter's work, or stands for it. */
export const overtaken = (id: JobId, by: Standing): SemelError =>
  by.state === "completed"
    ? new SemelError("JOB_REPLAYED", `${id} is not brought back: ${by.id} has completed its work since`, {
        details: { id, by: by.id, state: by.state },
      })
    : superseded(id, by);

export const superseded = (id: JobId, by: Standing): SemelError =>
  new SemelError("JOB_SUPERSEDED", `${id} cannot be brought back: ${by.id} stands for its work (${by.state})`, {
    details: { id, by: by.id, state: by.state },
  });

interface Standing {
  readonly id: JobId;
  readonly state: JobState;
}
