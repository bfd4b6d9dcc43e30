import { AsyncResource } from "node:async_hooks";
import type { Groups } from "../children/groups.ts";
import { OptionInvalidError } from "../errors/option-invalid.ts";
import { fromNow } from "../errors/thrown.ts";
import { Notes } from "../idempotency/notes.ts";
import { StepKeeper } from "../idempotency/step-keeper.ts";
import type { Steps } from "../idempotency/steps.ts";
import { transactionsOf } from "../idempotency/store-transactions.ts";
import { childLogger } from "../instrumentation/logger.ts";
import type { Envelope } from "../job/envelope.ts";
import type { AnyJob } from "../job/job.ts";
import type { JobContext } from "../processor/context.ts";
import { type Decided, decidedBy, type Outcome, outcome } from "../processor/outcome.ts";
import { toMs } from "../runtime/duration.ts";
import { redactText } from "../runtime/redact.ts";
import type { Arrival } from "./arrival.ts";
import type { WorkerParts } from "./parts.ts";

/** Progress said more often than this becomes one. */
const progressEveryMs = 200;

/** A context, and what the attempt wants to know of it afterwards. */
export interface Conversation {
  readonly context: JobContext<AnyJob>;
  /** An outcome that was made and is not `returned`. */
  forgotten(returned: unknown): Decided | undefined;
}

/** What a processor gets for one attempt. Closures, not methods: every member has to work destructured. */
export function converse(
  parts: WorkerParts,
  arrival: Arrival,
  envelope: Envelope,
  payload: unknown,
  steps: Steps,
  groups: Groups,
): Conversation {
  const { lease, claimed } = arrival;
  const { id, type, tenant } = envelope;
  const { clock } = parts.runtime;
  const { mortal } = parts;
  const made: Outcome[] = [];
  const make = (decided: Decided): Outcome => {
    // What a processor says goes to logs, records and letters.
    const said = "reason" in decided ? { reason: redactText(String(decided.reason)).slice(0, 500) } : {};
    const one = outcome({ ...decided, ...said });
    made.push(one);
    return one;
  };
  let kept: Notes | undefined;
  // Made for whoever asks: most processors never do.
  const notes = (): Notes => {
    const { guard, givingUp } = parts;
    kept ??= new Notes(
      new StepKeeper({ guard, lease, givingUp }),
      guard.store.features.maxValueBytes,
      () => steps.isOver,
    );
    return kept;
  };
  let saidAt = Number.NEGATIVE_INFINITY;

  const context: JobContext<AnyJob> = {
    id,
    payload,
    tenant,
    attempt: claimed.attempt,
    fence: claimed.fence,
    // Made for whoever asks: most processors never do.
    get signal() {
      return lease.signal;
    },
    envelope: asOf(envelope, claimed),
    log: childLogger(parts.logger, { id, type, tenant, attempt: claimed.attempt }),
    once: (name, run, options) => {
      const step = steps.once(name, run, options);
      return mortal ? quiet(mortal.whileAlive(step)) : step;
    },
    recall: (name) => {
      const recalled = notes().recall(name);
      return mortal ? quiet(mortal.whileAlive(recalled)) : recalled;
    },
    remember: (name, value) => {
      const remembered = steps.track(name, notes().remember(name, value));
      return mortal ? quiet(mortal.whileAlive(remembered)) : remembered;
    },
    enqueue: (job, given, options) => {
      const enqueued = parts.enqueue(envelope, job, given, options);
      return mortal ? mortal.whileAlive(enqueued) : enqueued;
    },
    children: (name, requests, options) => {
      const joined = groups.join(name, requests, options);
      return mortal ? quiet(mortal.whileAlive(joined)) : joined;
    },
    async progress(fraction, note) {
      if (!(fraction >= 0 && fraction <= 1))
        throw new OptionInvalidError("progress(fraction)", "a number from 0 to 1", fraction);
      lease.progress = { fraction, note: note === undefined ? undefined : redactText(note).slice(0, 200) };
      parts.emitter.emit("job.progress", { id, type, tenant, fraction, note: lease.progress.note });
      // What is not sent now goes with the next renewal.
      if (clock.monotonic() - saidAt < progressEveryMs && fraction < 1) return;
      saidAt = clock.monotonic();
      await parts.leases.renew(lease);
    },
    transaction(run) {
      transactionsOf(parts.guard.store);
      if (typeof run !== "function") throw new OptionInvalidError("transaction", "a function", run);
      // It runs after `around` has come to its end, and finds there what `around` has put into its async storage.
      return make({ is: "transaction", run: AsyncResource.bind(run) });
    },
    retry: (options = {}) =>
      make({
        is: "retry",
        afterMs: options.after === undefined ? undefined : toMs(options.after, "retry.after"),
        reason: options.reason ?? "the processor asked for a retry",
      }),
    defer: (reason, until) => make({ is: "defer", reason, untilMs: fromNow(until, "defer", clock.now()) }),
    deadLetter: (reason, details) => make({ is: "deadLetter", reason, details }),
    cancel: (reason) => make({ is: "cancel", reason }),
  };
  return {
    context,
    forgotten(returned) {
      if (made.length === 0) return undefined;
      const answered = decidedBy(returned);
      return made.map(decidedBy).find((decided) => decided !== answered);
    },
  };
}

/** As with any step: whoever does not await it must not bring the process down. */
function quiet<T>(step: Promise<T>): Promise<T> {
  step.catch(() => {});
  return step;
}

/** The envelope with the counters and times of this attempt. */
const asOf = (envelope: Envelope, claimed: Arrival["claimed"]): Envelope => {
  const { attempt, crashes, deferrals, redrives, createdAt, now } = claimed;
  return {
    ...envelope,
    counters: { attempts: attempt, crashes, deferrals, redrives },
    timings: { ...envelope.timings, enqueuedAt: createdAt, startedAt: now },
  };
};
