import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSemel, defineJob, NonRetryableError, processor, type Semel } from "@semel/core";
import { embedded } from "@semel/embedded";
import { redis } from "@semel/redis";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { waitFor } from "@semel/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { exitCode } from "../src/exit-code.ts";
import { cli } from "./cli.ts";

/** The command's own process. */
const self = ["--no-warnings", "--import", sourceLoader, fileURLToPath(new URL("../src/main.ts", import.meta.url))];

async function started(args: readonly string[], cwd?: string): Promise<readonly [code: unknown, said: string]> {
  const child = spawn(process.execPath, [...self, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  return [await new Promise((resolve) => child.once("close", resolve)), said];
}

const url = (): string => process.env.SEMEL_TEST_REDIS_URL ?? "";
const namespace = `cli-${randomUUID().slice(0, 8)}`;
const on = (...args: string[]): string[] => [...args, "--url", url(), "--namespace", namespace];
const json = (text: string): unknown => JSON.parse(text);
const lines = (text: string): unknown[] => text.trim().split("\n").map(json);

const shape = { payload: z.object({ id: z.string(), n: z.number() }), correlation: ["id", "n"] } as const;
const embed = defineJob({ type: "embed", ...shape, result: z.object({ vector: z.instanceof(Float32Array) }) });
const fragile = defineJob({ type: "fragile", ...shape, retry: { maxAttempts: 1 }, tenant: "required" });
const nobodys = defineJob({ type: "nobodys", ...shape });

let semel: Semel;
let [done, dead, waiting] = ["", "", ""];

beforeAll(async () => {
  semel = createSemel({ ...redis(url()), namespace, logger: false });
  semel.worker({
    processors: [
      processor(embed, async () => ({ vector: new Float32Array(3) })),
      processor(fragile, () => Promise.reject(new NonRetryableError("no such \u001b[31mdocument\nat all"))),
    ],
  });
  const handle = await semel.enqueue(embed, { id: "a", n: 1 });
  await handle.result();
  done = handle.id;
  for (let n = 0; n < 5; n++) dead = (await semel.forTenant("acme").enqueue(fragile, { id: "b", n })).id;
  waiting = (await semel.enqueue(nobodys, { id: "c", n: 1 })).id;
  await waitFor(async () => (await semel.deadLetters.groups())[0]?.count === 5, { what: "five dead letters" });
}, 60_000);
afterAll(async () => {
  await semel.close({ deadline: "1s" });
});

describe("looking", () => {
  it("ls: a line a queue", async () => {
    const { code, out, err } = await cli(on("ls"));
    expect([code, err]).toEqual([0, ""]);
    const [head, ...rows] = out.trim().split("\n");
    expect(head?.split(/\s{2,}/)).toEqual(["queue", "types", "waiting", "delayed", "running", "dead", "oldest"]);
    expect(rows.map((row) => row.trim().split(/\s{2,}/))).toEqual([
      ["embed", "0", "0", "0", "0"],
      ["fragile", "0", "0", "0", "5"],
      ["nobodys", "1", "0", "0", "0", expect.stringMatching(/ s ago$/)],
    ]);
    expect(out).not.toContain("\u001b");
  });

  it("ls --json: a document a line, in the words of the API", async () => {
    const { out } = await cli(on("ls", "--json"));
    expect(lines(out)).toMatchObject([
      { queue: "embed", pending: 0, dead: 0 },
      { queue: "fragile", dead: 5, paused: false },
      { queue: "nobodys", pending: 1, types: ["nobodys"] },
    ]);
  });

  it("show: one job, its vector by its length, foreign text on one line", async () => {
    const { code, out } = await cli(on("show", done));
    expect(code).toBe(0);
    expect(out).toMatch(/^state +completed$/m);
    expect(out).toMatch(/^result +\{"vector":"vector of 3"\}$/m);
    const letter = await cli(on("show", dead));
    expect(letter.out).toMatch(/^error +NON_RETRYABLE: no such \\u001b\[31mdocument⏎at all$/m);
    expect(json((await cli(on("show", done, "--json"))).out)).toMatchObject({
      id: done,
      state: "completed",
      result: { vector: { dimensions: 3 } },
    });
  });

  it("explain: why it is not done", async () => {
    const { code, out } = await cli(on("explain", waiting));
    expect([code, out.split(":")[0]]).toEqual([0, "no-worker"]);
    expect(json((await cli(on("explain", waiting, "--json"))).out)).toMatchObject({
      explanations: [{ code: "no-worker" }],
    });
  });

  it("find: by what a job stands for, texts and numbers kept apart", async () => {
    expect((await cli(on("find", "embed", "id=a", "n:=1"))).out).toContain(done);
    const text = await cli(on("find", "embed", "id=a", "n=1"));
    expect(text.code).toBe(exitCode.notFound);
    expect(text.err).toContain("if it is no text, write n:=1");
    expect((await cli(on("find", "fragile", "id=b", "n:=4", "--tenant", "acme"))).out).toContain(dead);
    expect((await cli(on("find", "embed", "id"))).code).toBe(exitCode.usage);
    expect((await cli(on("find", "embed", "n:=x"))).code).toBe(exitCode.usage);
  });

  it("workers: who is alive", async () => {
    const { code, out } = await cli(on("workers"));
    expect(code).toBe(0);
    expect(out).toContain(`:${process.pid}`);
    expect(out).toContain("embed, fragile");
  });

  it("top: one look where nobody watches, and a line an interval for programs", async () => {
    const { code, out } = await cli(on("top"));
    expect(code).toBe(0);
    expect(out).toContain("1 waiting");
    expect(out).toContain("5 dead");
    const streamed = await cli(on("top", "--json", "--interval", "100ms"), {
      onOut: (text, stop) => text.split("\n").length > 3 && stop(),
    });
    expect(lines(streamed.out)[0]).toMatchObject({ queues: expect.any(Array), workers: expect.any(Array) });
    expect(streamed.code).toBe(0);
  });

  it("doctor: says what must change, and ends with 1 for it", async () => {
    const { code, out } = await cli(on("doctor"));
    expect(code).toBe(exitCode.unwell);
    expect(out).toMatch(/^ok +Node 2/m);
    expect(out).toMatch(/^must change +1 jobs wait in nobodys, and no living worker takes nobodys$/m);
    expect(out).toMatch(/^warning +5 dead letters of fragile$/m);
    const other = await cli(["doctor", "--url", url(), "--namespace", `${namespace}-empty`, "--json"]);
    expect(other.code).toBe(0);
    expect(lines(other.out)).toContainEqual({ level: "ok", what: expect.stringContaining("0 workers alive") });
  });
});

describe("dead letters", () => {
  it("are listed, counted and shown", async () => {
    const { out } = await cli(on("dead", "ls", "--limit", "2"));
    expect(out).toContain("There may be more: --limit 20");
    expect(out.split("\n").filter((line) => line.includes("NON_RETRYABLE"))).toHaveLength(2);
    expect(lines((await cli(on("dead", "ls", "--json"))).out)).toHaveLength(5);
    expect((await cli(on("dead", "ls", "--groups"))).out).toMatch(/5 +fragile +NON_RETRYABLE/);
    expect((await cli(on("dead", "ls", "--reason", "timeout"))).code).toBe(exitCode.usage);
    expect((await cli(on("dead", "ls", "--reason", "crash-loop"))).out).toBe("No dead letters.\n");
    expect((await cli(on("dead", "show", dead))).out).toMatch(/^tenant +acme$/m);
    expect((await cli(on("dead", "show", done))).code).toBe(exitCode.notFound);
  });

  it("redrive --dry-run says what would happen, and does nothing", async () => {
    const { code, out } = await cli(on("dead", "redrive", "--type", "fragile", "--dry-run"));
    expect(code).toBe(0);
    expect(out).toMatch(/5 +fragile +NON_RETRYABLE +runs/);
    expect(json((await cli(on("dead", "redrive", "--all", "--dry-run", "--json"))).out)).toMatchObject({ total: 5 });
    expect((await semel.deadLetters.groups())[0]?.count).toBe(5);
  });

  it("nothing is changed where nobody can be asked and nobody said --yes", async () => {
    for (const args of [
      ["dead", "redrive", "--all"],
      ["dead", "redrive", dead],
      ["dead", "purge", "--all"],
      ["pause"],
      ["cancel", waiting],
    ]) {
      const { code, err } = await cli(on(...args));
      expect([args, code]).toEqual([args, exitCode.refused]);
      expect(err).toContain("say --yes");
    }
    expect((await semel.deadLetters.groups())[0]?.count).toBe(5);
    expect((await semel.status(waiting))?.state).toBe("pending");
  });

  it("which is never meant by nothing", async () => {
    for (const args of [
      ["dead", "redrive"],
      ["dead", "purge", "--yes"],
      ["dead", "redrive", dead, "--all"],
    ])
      expect([args, (await cli(on(...args))).code]).toEqual([args, exitCode.usage]);
  });

  it("redrive brings back, by id and by what they have in common; purge removes", async () => {
    const one = await cli(on("dead", "redrive", dead, "--yes", "--json"));
    expect(json(one.out)).toMatchObject({ id: dead, as: expect.stringContaining(".") });
    const all = await cli(
      on("dead", "redrive", "--type", "fragile", "--newer-than", "1d", "--yes", "--rate", "1000/s"),
    );
    expect(all.code).toBe(0);
    expect(all.out).toMatch(/^[45] brought back/);
    // They die again.
    await waitFor(async () => (await semel.deadLetters.groups())[0]?.count === 5, { what: "five dead letters" });
    const purged = await cli(on("dead", "purge", "--tenant", "acme", "--yes", "--json"));
    expect(json(purged.out)).toEqual({ purged: 5 });
    expect((await cli(on("dead", "purge", "--all", "--yes"))).out).toBe("No dead letters match.\n");
  });
});

it("pause and resume: a type, a queue, everything", async () => {
  expect((await cli(on("pause", "embed"))).code).toBe(0);
  expect((await semel.counts()).find(({ queue }) => queue === "embed")?.paused).toBe(true);
  expect((await cli(on("ls"))).out).toContain("embed (paused)");
  expect((await cli(on("resume", "embed"))).code).toBe(0);
  expect((await cli(on("pause", "--yes"))).out).toContain("every queue");
  expect((await semel.counts()).every(({ paused }) => paused)).toBe(true);
  expect((await cli(on("resume"))).code).toBe(0);
  const unknown = await cli(on("pause", "emded"));
  expect([unknown.code, unknown.err]).toEqual([exitCode.notFound, expect.stringContaining("emded")]);
});

it("cancel: a job that waits", async () => {
  const { id } = await semel.enqueue(nobodys, { id: "c", n: 2 });
  expect((await cli(on("cancel", id, "--yes", "--reason", "not wanted"))).out).toContain("will not run");
  expect((await semel.status(id))?.state).toBe("cancelled");
  expect((await cli(on("cancel", done, "--yes"))).code).toBe(exitCode.unwell);
});

describe("what can go wrong", () => {
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), "semel-cli-"));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    return made;
  };

  it("an unknown id, in words and for programs", async () => {
    const id = `${"A".repeat(32)}.x`;
    const { code, out, err } = await cli(on("show", id));
    expect([code, out]).toEqual([exitCode.notFound, ""]);
    expect(err).toMatch(/^semel: no job has the id "A+\.x"/);
    const told = await cli(on("show", id, "--json"));
    expect(json(told.err)).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  it("no server: told once, without the password", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { code, err } = await cli(["ls", "--url", `redis://user:geheim99@127.0.0.1:${port}`]);
    expect(code).toBe(exitCode.unavailable);
    expect(err).toMatch(/^semel: .*ECONNREFUSED.*\n$/);
    expect(err).not.toContain("geheim99");
  });

  it.each([
    ["no place", ["ls"], "where are the jobs?"],
    ["an address of nothing we know", ["ls", "--url", "mysql://u:geheim99@h/x"], "expected redis://…"],
    ["a password with a slash", ["ls", "--url", "mysql://u:x/geheim99@h"], "expected redis://…"],
    ["PostgreSQL", ["ls", "--url", "postgres://h/x"], "semel.config.ts"],
    ["a wrong verb", ["lss"], "Did you mean ls?"],
    ["a wrong option", ["ls", "--jsn"], "unknown option"],
    ["a missing argument", ["show"], "missing required argument"],
    ["nothing at all", [], "Usage: semel"],
    ["a wrong time", on("dead", "ls", "--newer-than", "10"), "like 30s, 5m"],
    ["a wrong number", on("dead", "ls", "--limit", "many"), "expected a whole number"],
    ["a config that is not there", ["ls", "--config", "no.json"], "there is no file"],
  ])("%s is a mistake that names the fix", async (_, args, text) => {
    const { code, out, err } = await cli(args, { cwd: folder() });
    expect([code, out]).toEqual([exitCode.usage, ""]);
    expect(err).toContain(text);
    expect(err).not.toContain("geheim99");
  });

  /** In a folder of its own each: what was loaded once stays. */
  const configured = (text: string): { readonly cwd: string; readonly path: string } => {
    const cwd = folder();
    const path = join(cwd, "semel.config.mjs");
    writeFileSync(path, text);
    return { cwd, path };
  };

  it("a config file is found from below", async () => {
    const { cwd } = configured(
      `export default { url: ${JSON.stringify(url())}, namespace: ${JSON.stringify(namespace)} };`,
    );
    mkdirSync(join(cwd, "src", "jobs"), { recursive: true });
    expect((await cli(["ls"], { cwd: join(cwd, "src", "jobs") })).out).toContain("nobodys");
  });

  it("a typing error in it is one line that names the fix", async () => {
    const { cwd, path } = configured("export default { ulr: 'redis://x' };");
    const typo = await cli(["ls"], { cwd });
    expect([typo.code, typo.err]).toEqual([
      exitCode.usage,
      `semel: ${path}: there is no option "ulr"; did you mean "url"?\n`,
    ]);
  });

  it.each([
    ["export default {};", "either url or backend, got neither"],
    ["export default 7;", "got number"],
    ["export default { url: 7 };", "url: expected a text"],
    ["export default { backend: {} };", "backend: expected a function"],
    ["export default { backend: () => ({}) };", "expected a backend such as"],
    ["export default { url: 'redis://x'", "cannot be read: "],
  ])("what it may not say: %s", async (config, text) => {
    const { cwd } = configured(config);
    const { code, err } = await cli(["ls"], { cwd });
    expect([code, err]).toEqual([exitCode.usage, expect.stringContaining(text)]);
  });

  it("an own backend comes from a config file in TypeScript", async () => {
    const cwd = folder();
    const core = new URL("../../core/src/memory/index.ts", import.meta.url).href;
    writeFileSync(
      join(cwd, "semel.config.ts"),
      `import { memory } from ${JSON.stringify(core)};\nexport default { backend: () => memory() };`,
    );
    const { code, out } = await cli(["ls"], { cwd });
    expect([code, out]).toEqual([0, expect.stringContaining("No queue at the backend of")]);
    // What is said for this call goes before what lies about.
    const { err } = await cli(["ls"], { cwd, env: { SEMEL_URL: "embedded:./absent" } });
    expect(err).toContain(`there is no directory ${join(cwd, "absent")}`);
  });

  it("an embedded directory: looked at when nobody has it, never made, and whoever has it is named", async () => {
    const cwd = folder();
    expect((await cli(["ls", "--url", "embedded:./jobs"], { cwd })).code).toBe(exitCode.notFound);
    const own = createSemel({ ...embedded(join(cwd, "jobs")), logger: false });
    const { id } = await own.enqueue(nobodys, { id: "x", n: 1 });
    const [code, said] = await started(["ls", "--url", "embedded:./jobs", "--json"], cwd);
    expect(code).toBe(exitCode.unavailable);
    expect(json(said)).toMatchObject({
      error: { code: "DIRECTORY_LOCKED", message: expect.stringContaining(`process ${process.pid}`) },
    });
    await own.close();
    expect((await cli(["explain", id, "--url", "embedded:./jobs"], { cwd })).out).toContain("no-worker");
  });

  it("a reader that has enough", async () => {
    const child = spawn("sh", ["-c", `"$0" "$@" | head -1`, process.execPath, ...self, ...on("ls")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, err, out.trim().split("\n").length]).toEqual([0, "", 1]);
  });
});

it("the command in a process of its own: its help, its version, its mistakes", async () => {
  expect(await started(["--help"])).toEqual([0, expect.stringContaining("Usage: semel")]);
  expect(await started(["--version"])).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  expect(await started(["lss"])).toEqual([exitCode.usage, expect.stringContaining("Did you mean ls?")]);
  expect(await started(on("ls"))).toEqual([0, expect.stringContaining("nobodys")]);
});

describe("on a terminal", () => {
  /** `script` gives the command a terminal of its own; what is written to it are keys. */
  function terminal(args: readonly string[]): Terminal {
    return inTerminal([process.execPath, ...self, ...args].map((word) => `'${word}'`).join(" "));
  }

  interface Terminal {
    readonly seen: () => string;
    press(keys: string): void;
    readonly ended: Promise<number | null>;
  }

  function inTerminal(line: string): Terminal {
    const child = spawn("script", ["-qefc", line, "/dev/null"], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    return {
      seen: () => out,
      press: (keys) => void child.stdin.write(keys),
      ended: new Promise((resolve) => child.once("close", resolve)),
    };
  }

  it("top is drawn again and again in four colours, until q, and leaves the terminal as it was", async () => {
    const { seen, press, ended } = terminal(on("top", "--interval", "100ms"));
    await waitFor(() => seen().split("\u001b[H\u001b[J").length > 3, { what: "three drawings", deadlineMs: 30_000 });
    press("q");
    expect(await ended).toBe(0);
    expect(seen().startsWith("\u001b[?1049h\u001b[?25l")).toBe(true);
    expect(seen().trimEnd().endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    expect(seen()).toContain("\u001b[33m1\u001b[39m waiting");
  });

  it("a question is asked, and no is no", async () => {
    const { seen, press, ended } = terminal(on("pause"));
    await waitFor(() => seen().includes("Go on? [y/N]"), { what: "the question", deadlineMs: 30_000 });
    press("n\r");
    expect(await ended).toBe(exitCode.refused);
    expect((await semel.counts()).some(({ paused }) => paused)).toBe(false);
  });

  it.each([
    ["Ctrl-D", "\u0004", exitCode.refused],
    ["Ctrl-C", "\u0003", exitCode.interrupted],
  ])("at a question, %s is no as well", async (_, keys, code) => {
    const { seen, press, ended } = terminal(on("pause"));
    await waitFor(() => seen().includes("Go on? [y/N]"), { what: "the question", deadlineMs: 30_000 });
    press(keys);
    expect(await ended).toBe(code);
    expect(seen()).toContain("nothing was done");
    expect((await semel.counts()).some(({ paused }) => paused)).toBe(false);
  });

  it("top that is ended by a signal leaves the terminal as it was", async () => {
    // Its pid is what tells it apart from whatever else runs here.
    const own = mkdtempSync(join(tmpdir(), "semel-cli-"));
    onTestFinished(() => rmSync(own, { recursive: true }));
    const pidFile = join(own, "top.pid");
    const quoted = [process.execPath, ...self, ...on("top", "--interval", "100ms")]
      .map((word) => `'${word}'`)
      .join(" ");
    const { seen, ended } = inTerminal(`echo $$ > '${pidFile}'; exec ${quoted}`);
    await waitFor(() => seen().includes("\u001b[H\u001b[J"), { what: "a drawing", deadlineMs: 30_000 });
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGTERM");
    expect(await ended).toBe(0);
    expect(seen().trimEnd().endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
  });
});

it("the guide names every verb and every exit code", () => {
  const guide = readFileSync(new URL("../../../docs/guides/command-line.md", import.meta.url), "utf8");
  for (const code of Object.values(exitCode)) expect(guide).toMatch(new RegExp(`^\\| \`?${code}\`? +\\|`, "m"));
  for (const verb of [
    "ls",
    "show",
    "explain",
    "find",
    "cancel",
    "pause",
    "resume",
    "workers",
    "top",
    "doctor",
    "dead ls",
    "dead show",
    "dead redrive",
    "dead purge",
  ])
    expect(guide).toContain(`semel ${verb}`);
});
