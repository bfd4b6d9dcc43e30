import { SemelError } from "@semel/core";
import { type ExitCode, exitCode } from "./exit-code.ts";

/** Something the user is to be told in one line, and how the command ends for it. */
export class Complaint extends Error {
  readonly exitCode: ExitCode;
  /** For programs: a SemelError's code, or one of the command's own. */
  readonly code: string;

  constructor(exit: ExitCode, code: string, message: string) {
    super(message);
    this.exitCode = exit;
    this.code = code;
  }
}

export const usage = (message: string): Complaint => new Complaint(exitCode.usage, "USAGE", message);
export const notFound = (message: string): Complaint => new Complaint(exitCode.notFound, "NOT_FOUND", message);

const exits: Readonly<Record<string, ExitCode>> = {
  OPTION_INVALID: exitCode.usage,
  TENANT_INVALID: exitCode.usage,
  JOB_NOT_FOUND: exitCode.notFound,
  QUEUE_UNKNOWN: exitCode.notFound,
  QUEUE_UNAVAILABLE: exitCode.unavailable,
  STORE_UNAVAILABLE: exitCode.unavailable,
  BACKEND_UNSAFE: exitCode.unavailable,
  DIRECTORY_LOCKED: exitCode.unavailable,
  CLOCK_SKEW: exitCode.unavailable,
};

/** Whatever was thrown, as a line and an exit code. */
export function complaintOf(thrown: unknown): Complaint {
  if (thrown instanceof Complaint) return thrown;
  // A store that cannot be had says why in its cause: a directory in other hands, a password that is wrong.
  for (let error: unknown = thrown; SemelError.isInstance(error); error = error.cause)
    if (error.code === "DIRECTORY_LOCKED" || error.code === "BACKEND_UNSAFE") return inWords(error);
  if (SemelError.isInstance(thrown)) return inWords(thrown);
  return new Complaint(exitCode.unwell, "FAILED", thrown instanceof Error ? thrown.message : String(thrown));
}

const inWords = ({ code, message }: SemelError): Complaint =>
  new Complaint(exits[code] ?? exitCode.unwell, code, message);
