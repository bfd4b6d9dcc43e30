/** Where Semel logs to. `console`-like loggers do not fit, pino and its kin do: fields first, then the message. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A logger that adds `fields` to every line. */
export function childLogger(parent: Logger, fields: object): Logger {
  const at = (level: LogLevel) => (more: object, message?: string) => parent[level]({ ...fields, ...more }, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
