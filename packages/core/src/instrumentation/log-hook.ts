import { readable } from "../runtime/duration.ts";
import type { EventName, SemelEvent } from "./events.ts";
import type { Hook } from "./hooks.ts";
import type { Logger, LogLevel } from "./logger.ts";
import { isOutage, OutageLog, reasonOf, withoutStack } from "./outage-log.ts";

/** What is worth a line, how loud, and in which words. Events without an entry are logged at `debug`. */
const lines: { readonly [N in EventName]?: readonly [LogLevel, (event: Extract<SemelEvent, { name: N }>) => string] } =
  {
    "job.replayed": [
      "info",
      (e) =>
        `replayed: ${e.type} completed ${readable(e.at - e.finishedAt)} ago, so nothing ran; enqueue with { rerun: true } to run it again`,
    ],
    "job.refused": ["warn", (e) => `refused: ${e.type}: ${e.code}: ${e.message}`],
    "job.unattended": [
      "warn",
      (e) => `nobody has processed ${e.type} for ${readable(e.forMs)}: no living worker takes it`,
    ],
    "job.redriven": [
      "info",
      (e) => `redriven: ${e.type} as ${e.id}${e.steps === "fresh" ? ", from scratch" : ", its finished steps kept"}`,
    ],
    "attempt.started": [
      "warn",
      (e) =>
        e.recovered
          ? `taken over: ${e.type} from a worker that went silent; attempt ${e.attempt} runs here`
          : "attempt.started",
    ],
    "attempt.failed": [
      "warn",
      (e) =>
        `attempt ${e.attempt} of ${e.maxAttempts} failed: ${e.type}: ${e.error.message}; next in ${readable(e.nextInMs)}`,
    ],
    "attempt.deferred": ["info", (e) => `deferred: ${e.type}: ${e.reason}; next in ${readable(e.nextInMs)}`],
    "attempt.dead": ["error", (e) => `dead: ${e.type}: ${e.reason} after attempt ${e.attempt}: ${e.error.message}`],
    "attempt.cancelled": ["info", (e) => `cancelled in attempt ${e.attempt}: ${e.type}: ${e.by}`],
    "attempt.runaway": [
      "error",
      (e) => `runaway: ${e.type} goes on although it was told to stop (${e.reason}); its slot was taken back`,
    ],
    "attempt.lost": [
      "warn",
      (e) =>
        e.now === "absent"
          ? `lost: the store does not know ${e.type} any more (expired, erased, or the store lost it); this attempt's outcome was dropped`
          : `lost: ${e.type} is in other hands (${e.now}); this attempt's outcome was dropped`,
    ],
    "delivery.held": ["info", (e) => `held: ${e.type}: ${e.reason}; looked at again in ${readable(e.nextInMs)}`],
    "result.omitted": ["warn", (e) => `completed without its result: ${e.type}: ${e.why}`],
    "store.unavailable": ["error", (e) => `the job store did not answer (${e.during}): ${reasonOf(e.error)}`],
    "queue.unavailable": ["error", (e) => `the queue did not answer (${e.during}): ${reasonOf(e.error)}`],
    "store.available": [
      "info",
      (e) => `the job store answers again, after ${readable(e.outageMs)} (${e.failures} failed)`,
    ],
    "queue.available": ["info", (e) => `the queue answers again, after ${readable(e.outageMs)} (${e.failures} failed)`],
    "queue.rested": ["warn", (e) => `${e.queue} rests for ${readable(e.forMs)}: ${e.reason}`],
    "backend.warning": ["warn", (e) => (e.error ? `${e.text}: ${reasonOf(e.error)}` : e.text)],
    "hook.failed": ["error", (e) => `a hook failed at ${e.during}: ${e.error.message}`],
    "worker.started": ["info", (e) => `worker started: ${e.types.join(", ")}; ${e.concurrency} at a time`],
    "worker.problem": ["error", (e) => `worker ${e.worker}, ${e.during}: ${reasonOf(e.error)}`],
    "worker.unready": ["error", (e) => `worker ${e.worker} takes no jobs: ${e.error.message}`],
    "worker.ready": ["info", (e) => `worker ${e.worker} takes jobs again`],
    "worker.stalled": [
      "warn",
      (e) =>
        `worker ${e.worker} could do nothing for ${readable(e.forMs)}: a processor blocks the event loop, or the machine stood still`,
    ],
    "worker.stopped": [
      "info",
      (e) => `worker stopped: ${e.finished} finished, ${e.released} released, ${e.leftBehind} left behind`,
    ],
  };

/** What is the ordinary course of things, not news. */
function isQuiet(event: SemelEvent, outages: OutageLog): boolean {
  switch (event.name) {
    case "delivery.held":
      return event.reason === "busy" || event.reason === "not-yet";
    case "attempt.started":
      return !event.recovered;
    case "store.available":
    case "queue.available":
      return !outages.over(event.name, event.outageMs);
    default:
      return false;
  }
}

/** Writes the events worth reading to a logger. An outage is a line when it begins, one in 30 s, and one when it is over. */
export function logHook(logger: Logger): Hook {
  const outages = new OutageLog();
  return {
    onEvent(event) {
      const [level, text] = (lines[event.name] ?? []) as [LogLevel?, ((event: SemelEvent) => string)?];
      if (isOutage(event)) {
        const told = outages.failed(event);
        if (level && text && told !== "untold") logger[level](withoutStack(event), text(event) + told.since);
        // Each one, with its stack.
        logger.debug(event, event.name);
        return;
      }
      if (event.name === "backend.warning" && event.error) {
        logger.warn(withoutStack(event), text?.(event));
        logger.debug(event, event.name);
        return;
      }
      logger[isQuiet(event, outages) ? "debug" : (level ?? "debug")](event, text?.(event) ?? event.name);
    },
  };
}
