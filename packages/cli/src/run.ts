import type { Command as Program } from "commander";
import type { Command } from "./command.ts";
import { complaintOf } from "./complaint.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { painter } from "./output/colour.ts";
import { printable } from "./output/printable.ts";
import { reporter } from "./output/report.ts";
import { type GlobalOptions, program } from "./program.ts";
import { openTarget, withoutPassword } from "./target/target.ts";

/** One call of the command, from its arguments to its exit code. Never rejects. */
export async function run(args: readonly string[], io: Io, version: string): Promise<ExitCode> {
  let command: (() => Promise<Command>) | undefined;
  const parser = program(version, (asked) => {
    command = asked;
  });
  const parsed = parse(parser, args, io);
  if (parsed !== undefined) return parsed;
  const options = parser.opts<GlobalOptions>();
  if (!command) {
    io.err.write(parser.helpInformation());
    return exitCode.usage;
  }
  try {
    return await execute(command, options, io);
  } catch (error) {
    return complain(error, options, io);
  }
}

/** The exit code where nothing is left to be done: `--help`, and mistakes. */
function parse(parser: Program, args: readonly string[], io: Io): ExitCode | undefined {
  const everyone = (command: Program): Program[] => [command, ...command.commands.flatMap(everyone)];
  for (const one of everyone(parser))
    one
      .exitOverride()
      .configureOutput({ writeOut: (text) => io.out.write(text), writeErr: (text) => io.err.write(text) });
  try {
    parser.parse([...args], { from: "user" });
    return undefined;
  } catch (error) {
    // It has been said already. Asked for help or the version is no mistake.
    return (error as { exitCode?: number }).exitCode === 0 ? exitCode.ok : exitCode.usage;
  }
}

async function execute(command: () => Promise<Command>, options: GlobalOptions, io: Io): Promise<ExitCode> {
  const paint = painter(io, options.color);
  const report = reporter(io, options.json === true, paint);
  const verb = await command();
  const target = await openTarget(io, options);
  try {
    const { semel } = target;
    return await verb({ io, report, target, semel, now: Date.now(), isSure: options.yes === true });
  } finally {
    await target.semel.close({ deadline: "2s" });
  }
}

function complain(error: unknown, { json }: GlobalOptions, io: Io): ExitCode {
  // Whoever read has enough: `semel ls | head -1`.
  if ((error as { code?: unknown }).code === "EPIPE") return exitCode.ok;
  if (io.stop.aborted) return exitCode.interrupted;
  const { code, message, exitCode: exit } = complaintOf(error);
  const text = withoutPassword(message);
  io.err.write(json ? `${JSON.stringify({ error: { code, message: text } })}\n` : `semel: ${printable(text)}\n`);
  return exit;
}
