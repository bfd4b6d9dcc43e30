import { describeFailure, read } from "./failure.ts";

const longest = 300;
const deepest = 5;

/** `: WRONGPASS invalid username …`: what a message has to say of its cause, which loggers often leave out. Free of secrets. */
export function because(cause: unknown): string {
  if (cause === undefined) return "";
  const { code, message } = describeFailure(cause);
  const [line = ""] = message.trim().split("\n");
  const text = line === "" && code !== "PROCESSOR_FAILED" ? code : line;
  return text === "" ? "" : `: ${text.length > longest ? `${text.slice(0, longest - 1)}…` : text}`;
}

/**
 * Whether the same call may get through later. Not where an adapter says that it cannot (`isRetryable: false`: a wrong
 * password, a missing permission), and not where a program is wrong: a `TypeError` of its own making is no outage.
 */
export function maySucceedLater(thrown: unknown): boolean {
  let error = thrown;
  for (let depth = 0; depth < deepest && typeof error === "object" && error !== null; depth++) {
    if (read(error, "isRetryable") === false) return false;
    const cause = read(error, "cause");
    // What `fetch` throws when it reaches nobody is a TypeError, too; it has a cause.
    if (cause === undefined && (error instanceof TypeError || error instanceof ReferenceError)) return false;
    error = cause;
  }
  return true;
}
