import { envelopeIn, uncertainStepIn } from "../dead-letter/dead-letter.ts";
import type { BroughtBack, RedriveHow } from "../dead-letter/desk.ts";
import type { StoredLetter } from "../dead-letter/letter-box.ts";
import type { RedriveFinding } from "../dead-letter/redrive-options.ts";
import * as refusal from "../dead-letter/refusal.ts";
import { successorOf } from "../dead-letter/successor.ts";
import { OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import type { Redriven } from "../idempotency/operations.ts";
import { fromRecord, toRecord } from "../idempotency/step-value.ts";
import { type Decoded, decodeEnvelope, type Envelope } from "../job/envelope.ts";
import { type JobId, jobId } from "../job/identity.ts";
import { isFinal } from "../job/state.ts";
import type { StoredValue } from "../job/value.ts";
import type { Engine } from "./engine.ts";
import { readdressed } from "./prepare.ts";

/** Brings a dead letter's job back. The letter goes last: until then everything can be done again. */
export async function redrive(engine: Engine, letter: StoredLetter, how: RedriveHow): Promise<BroughtBack> {
  const { steps, finding } = how;
  const { decoded } = envelopeIn(letter);
  if (decoded.is !== "envelope") throw refusal.unreadable(letter.id);
  if (finding) await note(engine, letter, finding, steps);
  const back = await bringBack(engine, decoded, steps, refusal.overtaken);
  await engine.asked("redrive", () => engine.settings.backend.deadLetters.purge({ id: letter.id }));
  if (back.is === "redriven") {
    const { type, tenant, lane } = decoded.envelope;
    engine.emitter.emit("job.redriven", { id: back.id, type, tenant, from: letter.id, steps });
    engine.attend(type, lane);
  }
  return back;
}

/** Puts on record what was found out about the letter's uncertain step. Where that has been settled otherwise, it stays so. */
async function note(
  engine: Engine,
  stored: StoredLetter,
  finding: RedriveFinding,
  steps: RedriveHow["steps"],
): Promise<void> {
  const step = uncertainStepIn(stored);
  if (step === undefined || steps === "fresh") {
    const expected = "to be left out, unless an UNCERTAIN_EFFECT letter is redriven with its steps";
    throw new OptionInvalidError("redrive.finding", expected, finding);
  }
  const as = finding.is === "found" ? ({ is: "done", value: stepValue(engine, step, finding.value) } as const) : undone;
  const { id, key } = stored;
  await engine.asked("redrive", () => engine.guard.ask({ op: "step-decide", key, id, step, as }));
}

const undone = { is: "undone" } as const;

/** @throws `STEP_VALUE_UNSTORABLE`, `STEP_VALUE_TOO_LARGE`: before anything is recorded. */
function stepValue(engine: Engine, step: string, value: unknown): StoredValue {
  const stored = toRecord(value, engine.guard.store.features.maxValueBytes);
  fromRecord(step, stored, undefined);
  return stored;
}

/** Runs the ended job of this id again from scratch. `record` is what stands for its work. */
export async function rerun(engine: Engine, id: JobId, record: JobRecord): Promise<string> {
  const { deadLetters, store } = engine.settings.backend;
  const letter = await engine.asked("rerun", () => deadLetters.get(id));
  if (letter) return (await redrive(engine, letter, { steps: "fresh" })).id;
  if (record.id === id && !isFinal(record.state)) {
    throw new SemelError("JOB_NOT_ENDED", `${id} has not ended (${record.state}), so it cannot run again`, {
      details: { id, state: record.state },
    });
  }
  const text = await engine.asked("rerun", () => store.envelope(record.key));
  const decoded = text === undefined ? undefined : decodeEnvelope(text);
  if (decoded?.is === "envelope" && decoded.envelope.id === id)
    return (await bringBack(engine, decoded, "fresh", refusal.superseded)).id;
  if (record.id !== id) throw refusal.superseded(id, record);
  throw new SemelError(
    "PAYLOAD_NOT_KEPT",
    `the payload of ${id} was not kept; enqueue it again with { rerun: true }, or define ${record.type} with keepPayload: true for the next time`,
    { details: { id, type: record.type } },
  );
}

async function bringBack(
  engine: Engine,
  { envelope, payload }: Extract<Decoded, { is: "envelope" }>,
  steps: "keep" | "fresh",
  overtaken: (typeof refusal)["overtaken"],
): Promise<BroughtBack> {
  const { runtime, limits } = engine.settings;
  const { key, id } = envelope;
  const deadlineMs = envelope.deadlineAt - envelope.notBefore;
  const newId = successorOf(envelope);
  for (;;) {
    const answer = await engine.asked("redrive", () =>
      engine.guard.ask({ op: "redrive", key, id, newId, steps, deadlineMs }),
    );
    runtime.failpoint?.("redrive:after-record");
    if (answer.is === "unknown") throw refusal.expired(id);
    const is = answer.is === "redriven" ? "redriven" : "already";
    if (answer.is === "already") {
      if (answer.id !== newId) throw hasUnsent(id, answer, steps) ? refusal.unsentFollowUps(id) : overtaken(id, answer);
      // It has run: that is that.
      if (answer.state !== "pending") return { is, id: newId };
      // It may not have got to the queue; adding it again is safe, as long as nobody takes it back meanwhile.
      if (!(await isPromised(engine, envelope, newId, deadlineMs))) continue;
    }
    const addition = readdressed(envelope, payload, newId, runtime.clock.now(), deadlineMs, limits);
    // If the queue refuses it, the ended job gets its place back.
    await engine.admit({ reserve: undefined, addition });
    runtime.failpoint?.("redrive:after-add");
    return { is, id: newId };
  }
}

/**
 * Makes sure that a job which is to be added once more stays: whoever brought it back first gives it up again if the
 * queue refuses it, but not once somebody was told that it does their work. So that is what is asked here.
 */
async function isPromised(engine: Engine, envelope: Envelope, newId: JobId, deadlineMs: number): Promise<boolean> {
  const { key, type, lane, tenant, fingerprint, version } = envelope;
  const id = jobId(key, engine.settings.runtime.newId());
  const job = { key, id, type, lane, tenant, fingerprint, version, delayMs: 0, deadlineMs };
  const policy = { onDead: "keep", onCompleted: "replay", force: false } as const;
  const answer = await engine.asked("redrive", () => engine.guard.ask({ op: "reserve", ...job, ...policy }));
  // Cancelled in between, its place was free. It is nobody's wish to run it now.
  if (answer.is === "created") await engine.asked("redrive", () => engine.guard.ask({ op: "unreserve", key, id }));
  return answer.is === "duplicate" && answer.id === newId;
}

/** Under its own id and ended as it was, the one thing that keeps it is that its follow-ups are not known to be sent. */
const hasUnsent = (
  id: JobId,
  { id: by, state }: Extract<Redriven, { is: "already" }>,
  steps: "keep" | "fresh",
): boolean => by === id && isFinal(state) && (state !== "completed" || steps === "fresh");
