import { SemelError } from "./semel-error.ts";

/** An option is not what it has to be. `OPTION_INVALID`; the message reads *expected …, got …*. */
export class OptionInvalidError extends SemelError {
  constructor(option: string, expected: string, got: unknown) {
    super("OPTION_INVALID", `${option}: expected ${expected}, got ${shown(got)}`, { details: { option, expected } });
  }
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  if (typeof value === "bigint") return `${value}n`;
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
