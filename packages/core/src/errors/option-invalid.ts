import { SemelError } from "./semel-error.ts";

/** An option is not what it has to be. `OPTION_INVALID`; the message reads *expected …, got …*. */
export class OptionInvalidError extends SemelError {
  constructor(option: string, expected: string, got: unknown) {
    super("OPTION_INVALID", `${option}: expected ${expected}, got ${shown(got)}`, { details: { option, expected } });
  }
}

/**
 * A misspelt option would be ignored in silence; TypeScript catches it, plain JavaScript does not.
 * @throws `OPTION_INVALID` naming the first option there is none of; for what is no object at all, too.
 */
export function knownOnly(options: object, known: readonly string[], at: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new OptionInvalidError(at, `an object with ${known.join(", ")}`, options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new OptionInvalidError(`${at}.${unknown}`, `one of ${known.join(", ")}`, unknown);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  if (typeof value === "bigint") return `${value}n`;
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
