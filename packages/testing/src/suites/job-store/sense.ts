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
    case "acquired":
      // Whether it took over is known to the first answer only; the count of crashes tells it ever after.
      return { ...answer, now: undefined, recovered: undefined };
    case "run":
      return { is: "run" };
    case "busy":
    case "not-yet":
      return { is: answer.is };
    case "stale":
      return operation.op === "step-end" && operation.as.is === "undone" ? { is: "recorded" } : answer;
    case "held":
    case "settled":
    case "superseded":
      return { ...answer, now: undefined };
    default:
      return answer;
  }
}
