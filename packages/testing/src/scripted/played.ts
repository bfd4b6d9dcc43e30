import type { FailureFacts } from "@semel/ai/provider";
import type { Clock } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import type { DialectMeaning } from "../models/model-dialect.ts";
import { type FaultyWay, type ModelFault, type ModelFaultName, modelFaults } from "../models/model-faults.ts";
import type { AnswerFaultName } from "./answer-faults.ts";
import type { ScriptedStep } from "./step.ts";

/** What a scripted request throws: the facts an adapter would have read off its client's error. */
export class Played {
  readonly facts: FailureFacts;
  constructor(facts: FailureFacts) {
    this.facts = facts;
  }
}

const codes: Readonly<Record<DialectMeaning, string>> = {
  quotaSpent: "insufficient_quota",
  tooLong: "context_length_exceeded",
  unknownModel: "model_not_found",
  contentBlocked: "content_policy_violation",
  busy: "server_is_overloaded",
  tooSmall: "insufficient_memory",
};

/** Resolves where the step lets an answer come; with the fault of the answer, where it has one. */
export async function playFault(
  { fault, retryAfter }: ScriptedStep,
  signal: AbortSignal,
): Promise<AnswerFaultName | undefined> {
  if (fault === undefined || !isModelFault(fault)) return fault;
  const { way }: ModelFault = modelFaults[fault];
  if (way.is === "silence") await silence(signal);
  throw new Played(factsOf(way, fault, retryAfter === undefined ? undefined : toMs(retryAfter, "retryAfter")));
}

const isModelFault = (fault: string): fault is ModelFaultName => Object.hasOwn(modelFaults, fault);

function factsOf(way: FaultyWay, name: string, ownRetryAfterMs: number | undefined): FailureFacts {
  const message = `scripted: ${name}`;
  switch (way.is) {
    case "status": {
      const { status, means, headers = {} } = way;
      const said: Readonly<Record<string, string>> =
        ownRetryAfterMs === undefined ? headers : { "retry-after-ms": String(ownRetryAfterMs) };
      return { status, code: means && codes[means], message, headers: { get: (header) => said[header] } };
    }
    case "body":
      return { answer: way.type === "text/html" ? "page" : "broken", message };
    case "error-under-200":
      return { answer: "error", message };
    case "reset":
      return { cause: "ECONNRESET", hasBegun: way.after !== "", message };
    case "no-connection":
      return { cause: way.cause, message };
    case "silence":
      throw new Error("a silence throws nothing");
  }
}

/** Nothing, until the exchange is ended. */
export const silence = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });

/** Resolves when the time is over; rejects when the exchange is. */
export async function latency(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  const over = Promise.withResolvers<void>();
  const timer = clock.timer(ms, over.resolve);
  try {
    await Promise.race([over.promise, silence(signal)]);
  } finally {
    timer.cancel();
  }
}
