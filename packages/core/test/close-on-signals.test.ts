import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Closed, closeOnSignals, createSemel } from "../src/index.ts";
import { memory } from "../src/memory/index.ts";
import type { ServeSettings } from "./children/serve.ts";

/** A process that serves, with all its jobs under way. */
class Served {
  readonly lines: string[] = [];
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #look = (): void => {};

  constructor(settings: ServeSettings) {
    const program = fileURLToPath(new URL("./children/serve.ts", import.meta.url));
    this.#child = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: ["ignore", "pipe", "pipe"] });
    this.#read(this.#child.stdout, this.lines);
    this.#read(this.#child.stderr, this.complaints);
    this.#ended = once(this.#child, "close").then(([code]) => code as number | null);
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  static async busy(settings: ServeSettings): Promise<Served> {
    const served = new Served(settings);
    const count = settings.jobs.length;
    await served.until(() => served.named("attempt.started").length === count && served.named("listeners").length > 0);
    return served;
  }

  #read(output: ChildProcess["stdout"], into: string[]): void {
    if (output)
      createInterface({ input: output }).on("line", (line) => {
        into.push(line);
        this.#look();
      });
  }

  named(name: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  }

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => isSo() && resolve();
      this.#look();
      void this.#ended.then(() => reject(new Error([...this.lines, ...this.complaints].join("\n"))));
    });
  }

  signal(name: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(name);
  }

  /** Its exit code, and how long after the signal it ended, in milliseconds. */
  async leaves(name: NodeJS.Signals = "SIGTERM"): Promise<{ code: number | null; ms: number }> {
    const since = performance.now();
    this.signal(name);
    return { code: await this.#ended, ms: performance.now() - since };
  }

  get closed(): Record<keyof Closed, number> | undefined {
    const [text] = this.named("closed");
    if (text === undefined) return undefined;
    const { finished, released, leftBehind } = JSON.parse(text) as Closed;
    return { finished: finished.length, released: released.length, leftBehind: leftBehind.length };
  }
}

const long = 60_000;

describe("a signal", { timeout: 30_000 }, () => {
  test("lets finish what ends in time; then the process ends by itself, with 0", async () => {
    const served = await Served.busy({ deadline: "20s", jobs: [800, 800] });
    const { code, ms } = await served.leaves();
    expect([code, served.closed]).toEqual([0, { finished: 2, released: 0, leftBehind: 0 }]);
    expect(ms).toBeLessThan(5_000);
    expect(served.complaints).toEqual([]);
  });

  test("gives back what does not, within the grace and 2 s, and ends with 0, whatever else keeps the process", async () => {
    const served = await Served.busy({ deadline: "1s", jobs: [long, long, 300], lingers: true });
    const { code, ms } = await served.leaves("SIGINT");
    console.info(`ended ${Math.round(ms)} ms after SIGINT, with a grace of 1000 ms`);
    expect([code, served.closed]).toEqual([0, { finished: 1, released: 2, leftBehind: 0 }]);
    expect(served.named("attempt.failed")).toEqual([]);
    expect(ms).toBeLessThan(1_000 + 2_000);
  });

  test("leaves behind who ignores it, says so, and ends in time", async () => {
    const served = await Served.busy({ deadline: "1s", jobs: [long, long], deaf: 1 });
    const { code, ms } = await served.leaves();
    expect([code, served.closed]).toEqual([0, { finished: 0, released: 1, leftBehind: 1 }]);
    expect(served.named("attempt.runaway")).toHaveLength(1);
    expect(ms).toBeLessThan(1_000 + 4_500 + 1_000);
  });

  test("is followed by an end even if the application's own closing never ends, with 1 and a word about it", async () => {
    const served = await Served.busy({ deadline: "0s", jobs: [100], hangs: true, lingers: true });
    const { code, ms } = await served.leaves();
    expect(code).toBe(1);
    expect(ms).toBeLessThan(4_500 + 1_500);
    expect(served.complaints).toEqual([expect.stringMatching(/^semel: not closed 4500 ms after SIGTERM/)]);
  });

  test("and another: everything is given back now, with 1", async () => {
    const served = await Served.busy({ deadline: "50s", jobs: [long, long] });
    // Two of a kind could arrive as one.
    served.signal("SIGINT");
    const { code, ms } = await served.leaves();
    expect([code, served.closed]).toEqual([1, { finished: 0, released: 2, leftBehind: 0 }]);
    expect(ms).toBeLessThan(3_000);
  });

  test("and a third: the process ends", async () => {
    const served = await Served.busy({ deadline: "50s", jobs: [long], deaf: 1 });
    served.signal("SIGINT");
    served.signal();
    await served.until(() => served.named("attempt.aborted").length > 0);
    const { code, ms } = await served.leaves();
    expect([code, served.closed]).toEqual([1, undefined]);
    expect(ms).toBeLessThan(1_500);
  });

  test("is nobody's affair who has not asked: Semel installs nothing", async () => {
    const served = await Served.busy({ deadline: "1s", jobs: [long], listens: false });
    expect(served.named("listeners")).toEqual(["0,0"]);
    expect(await served.leaves()).toMatchObject({ code: null });
  });
});

test("a process that has used a Semel, and lets go of it at the end of a block, ends by itself", {
  timeout: 30_000,
}, async () => {
  const program = fileURLToPath(new URL("./children/use.ts", import.meta.url));
  const used = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void used.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface({ input: used.stdout }).on("line", (line) => lines.push(line));
  const [code] = await once(used, "close");
  expect([code, lines]).toEqual([0, ["done: a result"]]);
});

describe("closeOnSignals", () => {
  const listeners = () => process.listenerCount("SIGUSR2");

  test("takes its listeners away when it is disposed of", async () => {
    const semel = createSemel({ ...memory(), logger: false });
    const before = listeners();
    const leaving = closeOnSignals([semel], { signals: ["SIGUSR2"] });
    expect(listeners()).toBe(before + 1);
    leaving[Symbol.dispose]();
    expect(listeners()).toBe(before);
    await semel.close();
  });

  test("refuses what it cannot close, and options there are none of", () => {
    const semel = createSemel({ ...memory(), logger: false });
    expect(() => closeOnSignals([])).toThrow(/closeOnSignals: expected what createSemel answered/);
    expect(() => closeOnSignals({} as never)).toThrow(/expected what createSemel answered/);
    expect(() => closeOnSignals(semel, { signals: [] })).toThrow(/signals: expected at least one/);
    expect(() => closeOnSignals(semel, { deadline: "soon" as never })).toThrow(/closeOnSignals.deadline/);
    expect(() => closeOnSignals(semel, { grace: "1s" } as never)).toThrow(/closeOnSignals.grace: expected one of/);
  });
});
