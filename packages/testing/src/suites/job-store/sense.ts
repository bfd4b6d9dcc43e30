import type { Answer, Operation } from "@semel/core/adapter";

/**
 * What an answer means to its caller, so that the answers to an operation and to its re-send can be compared. Two
 * answers say the same about work which the first of them brought about.
 */
export function senseOf(operation: Operation, answer: Answer): unknown {
  switch (answer.is) {
    case "redriven":
      return { is: "redriven" };
    case "already":
      return operation.op === "redrive" ? { is: "redriven" } : answer;
    case "finished":
      return operation.op === "cancel" && answer.state === "cancelled"
        ? { is: "cancelled" }
        : { ...answer, now: undefined };
    case "busy":
    case "not-yet":
      return { is: answer.is };
    case "acquired":
    case "held":
    case "settled":
    case "superseded":
      return { ...answer, now: undefined };
    default:
      return answer;
  }
}
