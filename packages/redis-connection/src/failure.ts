import { SemelError } from "@semel/core";

/**
 * An error of ioredis without what it carries along: the failed command, and so the password of a refused `AUTH`.
 * Loggers print such properties.
 */
export function withoutSecrets(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const { code } = thrown as { code?: unknown };
  const copy = new Error(reasonOf(thrown));
  copy.name = thrown.name;
  copy.stack = thrown.stack ?? "";
  return code === undefined ? copy : Object.assign(copy, { code });
}

/**
 * A failed command's error without the command: its arguments are payloads, and loggers print what errors carry. Where the
 * same command would fail again, it says so.
 *
 * @returns the same error.
 */
export function withoutArguments<E>(error: E): E {
  if (!(error instanceof Error)) return error;
  Reflect.deleteProperty(error, "command");
  if (isForbidden(error)) Object.assign(error, { isRetryable: false });
  return error;
}

/** Redis says that we may not: no try helps until somebody changes the password or the permissions. */
const isForbidden = ({ message }: Error): boolean => /(^|[ -])(WRONGPASS|NOAUTH|NOPERM)\b/.test(message);

/** Redis was not reached, or would not have us. */
export function unreachable(place: string, cause: Error): SemelError {
  return new SemelError("STORE_UNAVAILABLE", `Redis at ${place} cannot be used: ${cause.message}`, {
    cause,
    isRetryable: !isForbidden(cause),
  });
}

/** Everybody else of the same Semel is in the database that was asked for. */
export function otherDatabase(place: string, db: number, cause: Error): SemelError {
  const advice = "name one that exists and whose selection the user is allowed (+select)";
  const text = `Redis at ${place} must not be used as it is: its database ${db} cannot be selected (${cause.message}); ${advice}`;
  return new SemelError("BACKEND_UNSAFE", text, { cause, details: { db } });
}

export const closed = (): SemelError => new SemelError("CLOSED", "the connection to Redis has been closed");

/** What is worth reading: some errors only say that something failed, and carry what it was. */
function reasonOf(error: Error): string {
  // A name with several addresses fails with one error for each, and no text of its own.
  if (error instanceof AggregateError) return error.errors.map((each: unknown) => reasonOf(each as Error)).join("; ");
  const { code, lastNodeError } = error as { code?: unknown; lastNodeError?: unknown };
  if (lastNodeError instanceof Error) return `${error.message} ${reasonOf(lastNodeError)}`;
  return error.message === "" ? String(code ?? error.name) : error.message;
}
