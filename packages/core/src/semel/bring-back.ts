import { envelopeIn } from "../dead-letter/dead-letter.ts";
import type { StoredLetter } from "../dead-letter/letter-box.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import { type Decoded, decodeEnvelope } from "../job/envelope.ts";
import { jobId } from "../job/identity.ts";
import { isFinal } from "../job/state.ts";
import type { Engine } from "./engine.ts";
import { readdressed } from "./prepare.ts";

/**
 * Brings a dead letter's job back under a new id. The letter goes last: until then everything can be done again, and
 * doing it again meets the id of the first time.
 */
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

/** Runs an ended job again from scratch. */
export async function rerun(engine: Engine, record: JobRecord): Promise<string> {
  if (!isFinal(record.state))
    throw new SemelError("JOB_NOT_ENDED", `${record.id} has not ended (${record.state}), so it cannot run again`, {
      details: { id: record.id, state: record.state },
    });
  const { deadLetters, store } = engine.settings.backend;
  const letter = record.state === "dead" ? await engine.asked("rerun", () => deadLetters.get(record.id)) : undefined;
  if (letter) return redrive(engine, letter, "fresh");
  const text = await engine.asked("rerun", () => store.envelope(record.key));
  const decoded = text === undefined ? undefined : decodeEnvelope(text);
  if (decoded?.is !== "envelope") {
    throw new SemelError(
      "PAYLOAD_NOT_KEPT",
      `the payload of ${record.id} was not kept; enqueue it again with { rerun: true }, or define ${record.type} with keepPayload: true for the next time`,
      { details: { id: record.id, type: record.type } },
    );
  }
  return bringBack(engine, decoded, "fresh");
}

async function bringBack(
  engine: Engine,
  { envelope, payload }: Extract<Decoded, { is: "envelope" }>,
  steps: "keep" | "fresh",
): Promise<string> {
  const { runtime, limits } = engine.settings;
  const deadlineMs = envelope.deadlineAt - envelope.notBefore;
  const newId = jobId(envelope.key, runtime.newId());
  const answer = await engine.asked("redrive", () =>
    engine.guard.ask({ op: "redrive", key: envelope.key, id: envelope.id, newId, steps, deadlineMs }),
  );
  if (answer.is === "unknown") {
    throw new SemelError("JOB_NOT_FOUND", `${envelope.id} cannot be brought back: its record has expired`, {
      details: { id: envelope.id },
    });
  }
  if (answer.is === "already" && answer.state !== "pending") {
    const { id: by, state } = answer;
    throw new SemelError(
      "JOB_SUPERSEDED",
      `${envelope.id} cannot be brought back: ${by} stands for its work (${state})`,
      {
        details: { id: envelope.id, by, state },
      },
    );
  }
  // Brought back before, and whoever did it may not have got to the queue: adding that id again is safe.
  const id = answer.is === "already" ? answer.id : newId;
  await engine.admit({
    reserve: undefined,
    addition: readdressed(envelope, payload, id, runtime.clock.now(), deadlineMs, limits),
  });
  return id;
}
