import { createInterface } from "node:readline/promises";
import type { Scene } from "./command.ts";
import { Complaint } from "./complaint.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { isInteractive } from "./io.ts";

/** Says what is about to be done, and goes on only if somebody wants it. @throws a complaint with `refused`. */
export async function confirm({ io, isSure }: Pick<Scene, "io" | "isSure">, what: string): Promise<void> {
  if (isSure) return;
  if (!isInteractive(io))
    throw new Complaint(exitCode.refused, "NOT_CONFIRMED", `${what}: nobody can be asked here, so say --yes`);
  const asking = createInterface({ input: io.in, output: io.err });
  const gone = new AbortController();
  let code: ExitCode = exitCode.refused;
  // While it asks, Ctrl-C is heard here; and Ctrl-D ends what is read, which is no answer either.
  asking.once("SIGINT", () => {
    code = exitCode.interrupted;
    gone.abort();
  });
  asking.once("close", () => gone.abort());
  try {
    const signal = AbortSignal.any([io.stop, gone.signal]);
    const answer = await asking.question(`${what}. Go on? [y/N] `, { signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    io.err.write("\n");
  } finally {
    asking.close();
  }
  throw new Complaint(code, "NOT_CONFIRMED", "nothing was done");
}
