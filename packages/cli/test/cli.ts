import { PassThrough } from "node:stream";
import type { Io } from "../src/io.ts";
import { run } from "../src/run.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly cwd?: string | undefined;
  readonly env?: Io["env"] | undefined;
  /** Told what has come on standard output so far. */
  readonly onOut?: ((text: string, stop: () => void) => void) | undefined;
}

/** The command without a terminal, in this process: starting one of its own takes longer than all it does. */
export async function cli(args: readonly string[], { cwd = "/", env = {}, onOut }: CliOptions = {}): Promise<Ended> {
  const stop = new AbortController();
  const [out, err] = [new PassThrough(), new PassThrough()];
  const texts = { out: "", err: "" };
  out.setEncoding("utf8").on("data", (text: string) => {
    texts.out += text;
    onOut?.(texts.out, () => stop.abort());
  });
  err.setEncoding("utf8").on("data", (text: string) => {
    texts.err += text;
  });
  const code = await run(args, { out, err, in: new PassThrough(), env, cwd, stop: stop.signal }, "1.2.3");
  // What was written last may still be on its way.
  await new Promise((resolve) => setImmediate(resolve));
  return { code, ...texts };
}
