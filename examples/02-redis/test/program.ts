import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Every wait ends after this long, in milliseconds: what takes longer here is broken. */
const patienceMs = 15_000;

/** Asks until there is an answer other than `undefined` and `false`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  boundMs: number = patienceMs,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + boundMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`not within ${boundMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const running = new Set<ChildProcess>();

/** Whatever is left when the check ends, for whatever reason, ends with it. */
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One of the example's processes, as a reader would start it. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  #printed = "";

  constructor(name: "api" | "worker", env: Readonly<Record<string, string>>) {
    const file = fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#printed += text;
      });
    }
    running.add(child);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        running.delete(child);
        resolve(code ?? signal ?? -1);
      });
    });
  }

  /** Both its streams. */
  get printed(): string {
    return this.#printed;
  }

  /** What the first group of the pattern matches, once it has printed it. */
  printing(pattern: RegExp): Promise<string> {
    return until(`${pattern} in\n${this.#printed}`, () => {
      if (!running.has(this.#child)) throw new Error(`it ended before it printed ${pattern}:\n${this.#printed}`);
      return pattern.exec(this.#printed)?.[1];
    });
  }

  /** Sends the signal; answers with its exit code, or the signal it died of, and how long that took. */
  async end(
    signal: "SIGTERM" | "SIGKILL",
  ): Promise<{ readonly code: number | NodeJS.Signals; readonly tookMs: number }> {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`still there after ${signal}:\n${this.#printed}`)), patienceMs);
    });
    this.#child.kill(signal);
    const code = await Promise.race([this.#ended, late]).finally(() => clearTimeout(timer));
    return { code, tookMs: performance.now() - startedAt };
  }
}
