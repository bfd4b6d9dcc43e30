import { envelopeIn } from "../dead-letter/dead-letter.ts";
import type { StoredLetter } from "../dead-letter/letter-box.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import { type Decoded, decodeEnvelope, type Envelope } from "../job/envelope.ts";
import { digest, type JobId, jobId } from "../job/identity.ts";
import { isFinal } from "../job/state.ts";
import type { Engine } from "./engine.ts";
import { readdressed } from "./prepare.ts";

/*
 * An ended job comes back under a new id. That id is derived from the old one, not drawn: whoever tries again after an
 * error, or at the same time as somebody else, brings the same job back and not a second one.
 */
const successorOf = (envelope: Envelope): JobId => jobId(envelope.key, digest(`${envelope.id}/again`));

/** Brings a dead letter's job back. The letter goes last: until then everything can be done again. */
export async function redrive(engine: Engine, letter: StoredLetter, steps: "keep" | "fresh"): Promise<string> {
  const { decoded } = envelopeIn(letter);
  if (decoded.is !== "envelope") {
    throw new SemelError(
      "ENVELOPE_INVALID",
      `the letter ${letter.id} holds no job that could be brought back: its envelope cannot be read`,
      { details: { id: letter.id } },
    );
  }
  const id = await bringBack(engine, decoded, steps);
  await engine.asked("redrive", () => engine.settings.backend.deadLetters.purge({ id: letter.id }));
  return id;
}

/** Runs the ended job of this id again from scratch. `record` is what stands for its work. */
export async function rerun(engine: Engine, id: JobId, record: JobRecord): Promise<string> {
  const { deadLetters, store } = engine.settings.backend;
  const letter = await engine.asked("rerun", () => deadLetters.get(id));
  if (letter) return redrive(engine, letter, "fresh");
  if (record.id === id && !isFinal(record.state)) {
    throw new SemelError("JOB_NOT_ENDED", `${id} has not ended (${record.state}), so it cannot run again`, {
      details: { id, state: record.state },
    });
  }
  const text = await engine.asked("rerun", () => store.envelope(record.key));
  const decoded = text === undefined ? undefined : decodeEnvelope(text);
  if (decoded?.is === "envelope" && decoded.envelope.id === id) return bringBack(engine, decoded, "fresh");
  if (record.id !== id) throw superseded(id, record);
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
): Promise<string> {
  const { runtime, limits } = engine.settings;
  const { key, id } = envelope;
  const deadlineMs = envelope.deadlineAt - envelope.notBefore;
  const newId = successorOf(envelope);
  const answer = await engine.asked("redrive", () =>
    engine.guard.ask({ op: "redrive", key, id, newId, steps, deadlineMs }),
  );
  runtime.failpoint?.("redrive:after-record");
  if (answer.is === "unknown") {
    throw new SemelError("JOB_NOT_FOUND", `${id} cannot be brought back: its record has expired`, { details: { id } });
  }
  if (answer.is === "already" && answer.id !== newId) throw superseded(id, answer);
  // Brought back before: it may not have got to the queue, and adding it again is safe; if it has run, that is that.
  if (answer.is === "already" && answer.state !== "pending") return newId;
  const addition = readdressed(envelope, payload, newId, runtime.clock.now(), deadlineMs, limits);
  // If the queue refuses it, the ended job gets its place back.
  await engine.admit({ reserve: undefined, addition });
  runtime.failpoint?.("redrive:after-add");
  return newId;
}

const superseded = (id: JobId, by: { readonly id: JobId; readonly state: string }): SemelError =>
  new SemelError("JOB_SUPERSEDED", `${id} cannot be brought back: ${by.id} stands for its work (${by.state})`, {
    details: { id, by: by.id, state: by.state },
  });
