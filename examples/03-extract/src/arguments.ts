import { parseArgs } from "node:util";

/** A request that makes no sense: told in one line, exit code 2. */
export class RequestError extends Error {}

export const help = `Usage: npm start [-- <folder>]

Finds people, places and dates in the .txt and .md files of a folder; without one, in the letters of this example. The provider
misbehaves on purpose, and some letters die of it.

Exit code: 0 if everything it claims holds, 1 if not, 2 for a request that makes no sense.
`;

/** @throws {RequestError} */
export function parseArguments(args: readonly string[]): {
  readonly folder: string | undefined;
  readonly isHelp: boolean;
} {
  const { values, positionals } = parsed(args);
  const [folder] = positionals;
  if (positionals.length > 1) throw new RequestError(`expected one folder, got ${positionals.length}`);
  if (folder?.trim() === "") throw new RequestError("expected a folder, got an empty name");
  return { folder, isHelp: values.help ?? false };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    // Node says more, about names that begin with a dash.
    const [first = ""] = (error as Error).message.split(/\. |\n/);
    throw new RequestError(`${first}; --help shows what there is`);
  }
}
