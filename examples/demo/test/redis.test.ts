import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Redis, startRedis } from "@semel/repo-tools/redis";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prose } from "./odd-folder.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const temp = mkdtempSync(join(tmpdir(), "semel-demo-redis-"));
const children = new Set<ChildProcess>();
let server: Redis;

beforeAll(async () => {
  server = await startRedis();
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server?.stop();
  rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The demo as its users start it, on a Redis, with its state in a folder of the test's. */
async function demo(args: readonly string[], during?: (out: string, child: ChildProcess) => void): Promise<Ran> {
  const flags = ["--disable-warning=ExperimentalWarning", "--import", sourceLoader];
  const child = spawn(process.execPath, [...flags, at("../src/main.ts"), ...args, "--data", join(temp, "state")], {
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
  });
  children.add(child);
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed.out += text;
    during?.(printed.out, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed.err += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  children.delete(child);
  return { code, ...printed };
}

function folder(name: string, files: number): string {
  const path = join(temp, name);
  mkdirSync(path);
  for (let file = 0; file < files; file++) writeFileSync(join(path, `${file}.txt`), prose(file, 3_000));
  return path;
}

const row = ({ out }: Ran, label: string): number =>
  Number((new RegExp(`^  ${label} +([\\d,]+)`, "m").exec(out)?.[1] ?? "NaN").replaceAll(",", ""));

describe("the demo on Redis", { timeout: 60_000 }, () => {
  it("embeds every chunk once, and finds nothing to do the second time", async () => {
    const texts = folder("texts", 5);
    const first = await demo([texts, "--redis", server.url]);
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toContain(`Redis at 127.0.0.1:${server.port}`);
    const effects = row(first, "effects done");
    expect(effects).toBe(row(first, "chunks") - 1);
    expect(effects).toBeGreaterThan(10);

    const second = await demo([texts, "--redis", server.url]);
    expect(second).toMatchObject({ code: 0, err: "" });
    expect(second.out).toContain(`Nothing to do: ${effects} chunks were embedded before; 0 paid calls.`);

    // The same texts in another folder are another demo's, and so is what --reset begins.
    const others = await demo([folder("others", 5), "--redis", server.url]);
    expect([others.code, row(others, "effects done")]).toEqual([0, effects]);
    const again = await demo([texts, "--redis", server.url, "--reset"]);
    expect([again.code, row(again, "effects done"), row(again, "effects repeated")]).toEqual([0, effects, 0]);
  });

  it("goes on after kill -9, and does not let two run at once", async () => {
    const large = folder("large", 60);
    let second: Promise<Ran> | undefined;
    const first = await demo([large, "--redis", server.url, "--concurrency", "1"], (out, child) => {
      if (second !== undefined || !out.includes("retry in")) return;
      second = demo([large, "--redis", server.url]).finally(() => child.kill("SIGKILL"));
    });
    expect(first.code).toBe(null);
    const refused = await second;
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused?.err).toMatch(/^demo: STATE_IN_USE: process \S+ is at work on the same folder\n$/);

    const last = await demo([large, "--redis", server.url]);
    expect(last).toMatchObject({ code: 0, err: "" });
    expect(row(last, "effects repeated")).toBe(0);
  });

  it("--kill shows one charge, and leaves nothing behind", async () => {
    const ran = await demo(["--kill", "--redis", server.url]);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toMatch(/the ledger of effects stands at 1$/m);
    expect(ran.out).toMatch(/the provider got 2 calls with one key$/m);
    expect(readdirSync(join(temp, "state")).filter((name) => name.startsWith("kill-"))).toEqual([]);
  });

  it.concurrent.each([
    ["no server", ["--redis", "redis://127.0.0.1:1"], /^demo: REDIS_UNUSABLE: Redis at 127\.0\.0\.1:1 [^\n]+\n$/],
    ["no server, --kill", ["--kill", "--redis", "redis://127.0.0.1:1"], /^demo: REDIS_UNUSABLE: [^\n]+\n$/],
    [
      "no URL of a Redis",
      ["--redis", "http://:secret@127.0.0.1"],
      /^demo: ARGUMENT_INVALID: --redis: expected [^\n]+\n$/,
    ],
    ["nothing", ["--redis"], /^demo: ARGUMENT_INVALID: --redis: expected the URL [^\n]+\n$/],
  ])("%s is refused on one line", async (_what, args, line) => {
    const ran = await demo(args);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toMatch(line);
    expect(ran.err).not.toContain("secret");
  });
});
