import { SemelError } from "@semel/core";
import { help, parseArguments, RequestError } from "./arguments.ts";
import { printable } from "./report.ts";
import { readFolder } from "./run.ts";

try {
  const { folder, isHelp } = parseArguments(process.argv.slice(2));
  if (isHelp) console.log(help.trimEnd());
  else await readFolder(folder);
} catch (error) {
  const isRequest = error instanceof RequestError;
  // A claim that does not hold keeps its stack: it says which.
  if (!isRequest && !SemelError.isInstance(error)) throw error;
  console.error(printable(isRequest ? error.message : `${error.code}: ${error.message}`));
  process.exitCode = isRequest ? 2 : 1;
}
