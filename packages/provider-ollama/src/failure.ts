import { causeCodeOf, type FailureFacts, peek } from "@semel/ai/provider";
import { BrokenOff, ErrorLine, NoAnswer, Refusal } from "./no-answer.ts";

/** The model needs more memory than the machine has. */
const insufficientMemory = "insufficient_memory";
export const modelNotFound = "model_not_found";

type Meaning = Pick<FailureFacts, "code" | "status" | "answer">;

/**
 * Ollama has no codes: what it means, it says in words. The status stands for the one that a stream, which has begun under 200, can no
 * longer have.
 */
const meanings: readonly (readonly [words: RegExp, meaning: Meaning])[] = [
  [/^model ['"]?[^'"\s]{1,400}['"]? not found/i, { code: modelNotFound, status: 404 }],
  // Said of a pull: the registry has none.
  [/\bmanifest\b.{0,400}(file does not exist|unknown|not found)/i, { code: modelNotFound, status: 404 }],
  [
    /input (length|after truncation)? ?exceeds|exceeds? (the )?(available|maximum|model's)? ?context|context (length|size|window) exceeded|too large to process|prompt too long/i,
    { code: "context_length_exceeded", status: 400 },
  ],
  [/requires more (system |gpu |video )?memory/i, { code: insufficientMemory, status: 500 }],
  [/server busy|maximum pending requests/i, { code: "server_is_overloaded", status: 503 }],
  // Said of a pull: the model is for an Ollama that is newer than this one.
  [/newer version of ollama/i, { status: 412 }],
  [/\b(NaN|Inf values|unsupported value)\b/, { answer: "broken" }],
];

/** Words for the end of the process that runs a model; an embedding request is told so under 400, as if it were at fault. */
const runnerIsGone =
  /runner.{0,80}(terminated|stopped|crashed|no longer running)|\bEOF\b|connection (refused|reset)|forcibly closed/i;

const meaningOf = (message: string): Meaning => meanings.find(([words]) => words.test(message))?.[1] ?? {};

/** The facts of whatever the client, or the fetch below it, threw. */
export function failure(thrown: unknown): FailureFacts {
  if (thrown instanceof Refusal) return refused(thrown);
  if (thrown instanceof ErrorLine) {
    const { message } = thrown;
    return {
      ...{ answer: "error", hasBegun: true, message },
      ...(runnerIsGone.test(message) && { status: 500 }),
      ...meaningOf(message),
    };
  }
  if (thrown instanceof NoAnswer) return { answer: thrown.answer, message: thrown.message, hasBegun: true };
  if (thrown instanceof BrokenOff)
    return {
      cause: causeCodeOf(thrown.cause) ?? "ECONNRESET",
      hasBegun: true,
      message: "the connection broke off within the answer",
    };
  const message = peek(thrown, "message");
  return {
    // `fetch failed`: the reason is below it, where there is one.
    cause: causeCodeOf(thrown) ?? (thrown instanceof TypeError ? "ECONNRESET" : undefined),
    message: typeof message === "string" && message !== "" ? message : "no reason was given",
  };
}

function refused({ status, headers, message }: Refusal): FailureFacts {
  const meaning = meaningOf(message);
  const requestId = headers?.get("x-request-id") ?? undefined;
  const facts: FailureFacts = { status, headers, message, requestId };
  if (meaning.code !== undefined) return { ...facts, code: meaning.code };
  if (meaning.answer !== undefined) return { ...facts, answer: meaning.answer };
  return status === 400 && runnerIsGone.test(message) ? { ...facts, status: 500 } : facts;
}
