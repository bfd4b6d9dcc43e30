import { styleText } from "node:util";
import type { Failure } from "../errors/failure.ts";
import { printable } from "../runtime/redact.ts";
import type { Logger, LogLevel } from "./logger.ts";

const colour = { debug: "gray", info: "cyan", warn: "yellow", error: "red" } as const;
const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface ConsoleLoggerOptions {
  /** Default: `"info"`. */
  readonly level?: LogLevel | undefined;
  /** Default: standard error, so that a program's own output stays clean. */
  readonly write?: ((line: string) => void) | undefined;
  /** Default: on a terminal. */
  readonly colours?: boolean | undefined;
}

/** One readable line an event, with the stack below where something failed. What Semel logs to unless told otherwise. */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Logger {
  const least = rank[options.level ?? "info"];
  const colours = options.colours ?? process.stderr.isTTY === true;
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`));

  const log =
    (level: LogLevel) =>
    (fields: object, message?: string): void => {
      if (rank[level] < least) return;
      const { id, error } = fields as { id?: unknown; error?: Failure };
      const time = new Date().toISOString().slice(11, 23);
      const name = colours ? styleText(colour[level], level.padEnd(5)) : level.padEnd(5);
      const about = typeof id === "string" ? ` [${printable(id)}]` : "";
      write(`${time} ${name} semel ${printable(message ?? "")}${about}`);
      if (error?.stack) write(error.stack.split("\n").map(printable).join("\n"));
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
