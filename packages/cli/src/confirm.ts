import { createInterface } from "node:readline/promises";
import type { Scene } from "./command.ts";
import { Complaint } from "./complaint.ts";
import { exitCode } from "./exit-code.ts";
import { isInteractive } from "./io.ts";

/** Says what is about to be done, and goes on only if somebody wants it. @throws a complaint with `refused`. */
export async function confirm({ io, isSure }: Pick<Scene, "io" | "isSure">, what: string): Promise<void> {
  if (isSure) return;
  if (!isInteractive(io))
    throw new Complaint(exitCode.refused, "NOT_CONFIRMED", `${what}: nobody can be asked here, so say --yes`);
  const asking = createInterface({ input: io.in, output: io.err });
  try {
    const answer = await asking.question(`${what}. Go on? [y/N] `, { signal: io.stop });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    asking.close();
  }
  throw new Complaint(exitCode.refused, "NOT_CONFIRMED", "nothing was done");
}
