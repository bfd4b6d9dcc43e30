import { redactText } from "../runtime/redact.ts";

/** What is kept of something thrown: small, readable, free of known secrets, safe through JSON. */
export interface Failure {
  /** A SemelError's code, else the error's own `code`, else `PROCESSOR_FAILED`. */
  readonly code: string;
  readonly name: string;
  /** At most 2,000 characters. */
  readonly message: string;
  /** HTTP status, where the error carries one. */
  readonly status?: number | undefined;
  /** The provider's id of the failed request, where the error carries one. */
  readonly requestId?: string | undefined;
  /** At most 20 frames. */
  readonly stack?: string | undefined;
  /** The chain of causes, nearest first, at most 5. */
  readonly causes?:
    | readonly { readonly name: string; readonly code?: string | undefined; readonly message: string }[]
    | undefined;
}

const maxMessage = 2_000;
const maxFrames = 20;
const maxCauses = 5;

/**
 * Describes anything a processor may throw: errors, strings, `null`, frozen objects, errors whose getters throw.
 * Never throws itself.
 */
export function describeFailure(thrown: unknown): Failure {
  const code = text(read(thrown, "code"));
  return {
    code: code && /^[\w.-]{1,64}$/.test(code) && redactText(code) === code ? code : "PROCESSOR_FAILED",
    name: nameOf(thrown),
    message: messageOf(thrown),
    status:
      numeric(read(thrown, "status")) ?? numeric(read(thrown, "statusCode")) ?? numeric(read(thrown, "status_code")),
    requestId:
      identifier(read(thrown, "requestId")) ??
      identifier(read(thrown, "requestID")) ??
      identifier(read(thrown, "request_id")),
    stack: stackOf(thrown),
    causes: causesOf(thrown),
  };
}

/** Reads a property of something hostile. */
export function read(value: unknown, key: string): unknown {
  try {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null) {
    const message = text(read(thrown, "message"));
    return redactText(cut(message ?? `an object without a message was thrown (${nameOf(thrown)})`, maxMessage));
  }
  const shown = typeof thrown === "string" ? thrown : `${String(thrown)} was thrown`;
  return redactText(cut(shown, maxMessage));
}

function nameOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return typeof thrown;
  const name = text(read(thrown, "name"));
  return name ? redactText(cut(name, 100)) : "Object";
}

function stackOf(thrown: unknown): string | undefined {
  const stack = text(read(thrown, "stack"));
  if (!stack) return undefined;
  const frames = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  return redactText(cut(frames.slice(0, maxFrames).join("\n"), 8_000));
}

function causesOf(thrown: unknown): Failure["causes"] {
  const causes = [];
  let cause = read(thrown, "cause");
  while (cause !== undefined && cause !== null && causes.length < maxCauses) {
    causes.push({ name: nameOf(cause), code: identifier(read(cause, "code")), message: cut(messageOf(cause), 500) });
    cause = read(cause, "cause");
  }
  return causes.length > 0 ? causes : undefined;
}

const cut = (value: string, max: number): string => (value.length > max ? `${value.slice(0, max - 1)}…` : value);
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const numeric = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
const identifier = (value: unknown): string | undefined =>
  typeof value === "string" && /^[\w.:-]{1,128}$/.test(value) && redactText(value) === value ? value : undefined;
