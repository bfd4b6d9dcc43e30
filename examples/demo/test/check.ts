// The demo's own check: every mode as its users start it, on made-up folders, with what it must print and exit with.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { modelServer } from "./model-server.ts";
import { makeOddFolder, prose } from "./odd-folder.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const temp = mkdtempSync(join(tmpdir(), "semel-demo-"));
process.once("exit", () => rmSync(temp, { recursive: true, force: true }));
const folder = (name: string): string => {
  mkdirSync(join(temp, name));
  return join(temp, name);
};
const data = join(temp, "state");

interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

// Whoever runs this may have keys of their own, which are not for this.
const { OPENAI_API_KEY: _, OPENAI_BASE_URL: __, OLLAMA_HOST: ___, ...ownEnv } = process.env;

/** @param during is told what was printed so far, whenever there is more */
async function demo(
  args: readonly string[],
  during?: (out: string, child: ReturnType<typeof spawn>) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const all = ["--disable-warning=ExperimentalWarning", main, ...args, "--data", data];
  const child = spawn(process.execPath, all, { env: { ...ownEnv, ...env } });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed.out += text;
    during?.(printed.out, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed.err += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...printed };
}

/** The number in a row of the table. */
function row({ out }: Ran, label: string): number {
  const found = new RegExp(`^  ${label} +([\\d,]+)`, "m").exec(out)?.[1];
  assert(found, `no row "${label}"`);
  return Number(found.replaceAll(",", ""));
}

async function check(title: string, work: () => Promise<Ran>, expect: (ran: Ran) => void): Promise<void> {
  const startedAt = performance.now();
  const ran = await work();
  try {
    expect(ran);
  } catch (error) {
    console.error(`✗ ${title}\n${ran.out}${ran.err}exit code ${ran.code ?? ran.signal}`);
    throw error;
  }
  console.log(`✓ ${title} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
}

function refused(
  title: string,
  args: readonly string[],
  code: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  return check(
    title,
    () => demo(args, undefined, env),
    (ran) => {
      assert.equal(ran.code, 2);
      assert.match(ran.err, new RegExp(`^demo: ${code}\\b[^\n]*\n$`));
      assert.equal(ran.out, "");
    },
  );
}

async function badArguments(): Promise<void> {
  writeFileSync(join(temp, "file.txt"), "text");
  const binary = folder("binary");
  writeFileSync(join(binary, "noise"), Buffer.of(0, 255, 0, 254));
  await Promise.all([
    refused("an unknown flag", ["--verbose"], "ARGUMENT_INVALID"),
    refused("no such folder", [join(temp, "absent")], "FOLDER_NOT_FOUND"),
    refused("a file instead of a folder", [join(temp, "file.txt")], "NOT_A_FOLDER"),
    refused("an empty folder", [folder("empty")], "NOTHING_TO_INDEX"),
    refused("a folder without text", [binary], "NOTHING_TO_INDEX"),
    refused("a query before there is an index", [temp, "--query", "x"], "NOTHING_INDEXED"),
    check(
      "--help",
      () => demo(["--help"]),
      (ran) => {
        assert.equal(ran.code, 0);
        assert.match(ran.out, /--concurrency/);
      },
    ),
  ]);
}

async function oddFolder(): Promise<void> {
  const odd = folder("odd");
  const expected = makeOddFolder(odd);
  let effects = 0;
  await check(
    "a folder of odd files",
    () => demo([odd]),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.equal(ran.err, "");
      assert.equal(row(ran, "documents"), expected.documents);
      for (const [why, count] of Object.entries(expected.skipped)) assert(ran.out.includes(`${why} ${count}`), why);
      effects = row(ran, "effects done");
      assert.equal(effects, row(ran, "chunks") - 1);
      assert.equal(row(ran, "effects repeated"), 0);
      assert.equal(row(ran, "dead-lettered"), 1);
      assert(row(ran, "duplicates recognised") >= row(ran, "chunks") / 10);
      assert(row(ran, "retried then succeeded") >= Math.floor(effects / 7) * 2);
      assert.equal(row(ran, "attempts"), row(ran, "chunks") + row(ran, "retried then succeeded"));
      // Nothing a file is named may drive the terminal.
      assert.doesNotMatch(ran.out, /[^\n\P{Cc}]/u);
    },
  );
  await check(
    "the same folder again",
    () => demo([odd]),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.match(
        ran.out,
        new RegExp(`^Nothing to do: ${effects} chunks were embedded before; 0 paid calls\\.$`, "m"),
      );
      assert.equal(row(ran, "attempts"), 0);
      assert.equal(row(ran, "effects done"), 0);
    },
  );
  await check(
    "a query",
    () => demo([odd, "--query", "down here"]),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.match(ran.out, /^ {2}0\.\d{3} {2}\S/m);
      assert.match(ran.out, /lexical/);
    },
  );
  const ledger = join(data, readdirSync(data).find((name) => name.startsWith("odd-")) ?? "", "effects.jsonl");
  appendFileSync(ledger, `${readFileSync(ledger, "utf8").split("\n")[0]}\n`);
  await check(
    "a repeated effect in the ledger is found",
    () => demo([odd]),
    (ran) => {
      assert.equal(ran.code, 1);
      assert.equal(row(ran, "effects repeated"), 1);
      assert.match(ran.out, /NOT SO: every completed job was paid for exactly once/);
    },
  );
}

async function interrupted(): Promise<void> {
  const large = folder("large");
  let parts = 0;
  const addWork = () => writeFileSync(join(large, `part-${++parts}.txt`), prose(parts, 60_000));
  for (let more = 0; more < 3; more++) addWork();
  const once = (act: (child: ReturnType<typeof spawn>) => void) => {
    let isDone = false;
    return (out: string, child: ReturnType<typeof spawn>) => {
      if (isDone || !out.includes("retry in")) return;
      isDone = true;
      act(child);
    };
  };
  const interrupt = () =>
    demo(
      [large],
      once((child) => child.kill("SIGINT")),
    );
  await check("Ctrl-C in the middle", interrupt, (ran) => {
    assert.equal(ran.code, 130);
    assert.equal(ran.err, "");
    assert.match(ran.out, /^Stopped with .* waiting; the same command goes on from here\.$/m);
  });
  addWork();
  const close = () =>
    demo(
      [large],
      once((child) => child.stdout?.destroy()),
    );
  await check("a reader that goes away, as head does", close, (ran) => {
    assert.equal(ran.code, 0);
    assert.equal(ran.err, "");
  });
  addWork();
  const killed = () =>
    demo(
      [large],
      once((child) => child.kill("SIGKILL")),
    );
  await check("kill -9 in the middle", killed, (ran) => assert.equal(ran.signal, "SIGKILL"));
  await check(
    "and the run after all that",
    () => demo([large]),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.equal(row(ran, "effects repeated"), 0);
    },
  );
}

async function killDemo(): Promise<void> {
  await check(
    "--kill",
    () => demo(["--kill"]),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.equal(ran.err, "");
      assert.match(ran.out, /the ledger of effects stands at 1$/m);
      assert.match(ran.out, /the provider got 2 calls with one key$/m);
    },
  );
}

async function realModels(): Promise<void> {
  const small = folder("small");
  writeFileSync(join(small, "one.md"), prose(1, 6_000));
  await using server = await modelServer();
  const key = "sk-of-the-demo-0123456789abcdef";
  for (const [name, env, requests] of [
    ["openai", { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${server.url}/v1` }, server.openai],
    ["ollama", { OLLAMA_HOST: server.url }, server.ollama],
  ] as const) {
    let chunks = 0;
    await check(
      `models of ${name}, because the environment names them`,
      () => demo([small], undefined, env),
      (ran) => {
        assert.equal(ran.code, 0);
        assert.equal(ran.err, "");
        assert.match(ran.out, new RegExp(`embedding +${name}/.* real calls to your own machine$`, "m"));
        assert.match(
          ran.out,
          new RegExp(`embedding .*\\n\\n  asking ${name} at 127\\.0\\.0\\.1:\\d+ whether it answers$`, "m"),
        );
        assert(!ran.out.includes(key));
        chunks = row(ran, "effects done");
        assert.equal(chunks, row(ran, "chunks") - 1);
        // One text to see whether anybody is there, and each chunk once, several to a request.
        assert.equal(requests.texts, chunks + 1);
        assert(requests.count < requests.texts, `${requests.count} requests for ${requests.texts} texts`);
      },
    );
    await check(
      `a query by ${name}`,
      () => demo([small, "--query", "down here"], undefined, env),
      (ran) => {
        assert.equal(ran.code, 0);
        assert.match(ran.out, /^ {2}0\.\d{3} {2}\S/m);
        assert.doesNotMatch(ran.out, /lexical/);
        assert.equal(requests.texts, chunks + 2);
      },
    );
  }
  await check(
    "a key that is refused is told at once, and not shown",
    () =>
      demo([small], undefined, { OPENAI_API_KEY: "sk-wrong-0123456789abcdef", OPENAI_BASE_URL: `${server.url}/v1` }),
    (ran) => {
      assert.equal(ran.code, 1);
      assert.match(ran.err, /^demo: MODEL_CREDENTIAL_REFUSED: /);
      assert(!ran.err.includes("sk-wrong"));
    },
  );
  const right = { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${server.url}/v1` };
  await check(
    "--reset forgets nothing where the provider refuses",
    () => demo([small, "--reset"], undefined, { ...right, OPENAI_API_KEY: "sk-wrong-0123456789abcdef" }),
    (ran) => {
      assert.equal(ran.code, 1);
      assert.match(ran.err, /^demo: MODEL_CREDENTIAL_REFUSED: /);
    },
  );
  await check(
    "so that the next run finds nothing to do",
    () => demo([small], undefined, right),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.match(ran.out, /^Nothing to do: .* 0 paid calls\.$/m);
    },
  );
  await check(
    "--reset forgets where it answers",
    () => demo([small, "--reset"], undefined, right),
    (ran) => {
      assert.equal(ran.code, 0);
      assert.equal(row(ran, "effects done"), row(ran, "chunks") - 1);
    },
  );
  const placeholder = "your_openai_api_key_here";
  for (const [title, given] of [
    ["the placeholder of a key is none", placeholder],
    ["white space is no key", " \n"],
  ] as const)
    await check(
      title,
      () => demo([small], undefined, { OPENAI_API_KEY: given }),
      (ran) => {
        assert.equal(ran.code, 0);
        assert.match(ran.out, /embedding +lexical/);
      },
    );
  const askedFor = ["--model", "openai"];
  await refused(
    "the placeholder is told from no key",
    askedFor,
    "ARGUMENT_INVALID: .*only the placeholder of an example",
    {
      OPENAI_API_KEY: placeholder,
    },
  );
  await refused("nor is white space one that was asked for", askedFor, "ARGUMENT_INVALID: .*found none", {
    OPENAI_API_KEY: " ",
  });
  for (const address of ["localhost:8000/v1", "https://"])
    await refused(`an OPENAI_BASE_URL that is none: ${address}`, [small], "ARGUMENT_INVALID: OPENAI_BASE_URL", {
      ...right,
      OPENAI_BASE_URL: address,
    });
  await refused("an OLLAMA_HOST that is none", [small], "ARGUMENT_INVALID: OLLAMA_HOST", { OLLAMA_HOST: "ftp://x" });
}

async function interruptedPull(): Promise<void> {
  const other = folder("pulled");
  writeFileSync(join(other, "one.md"), prose(1, 1_000));
  await using server = await modelServer();
  await check(
    "Ctrl-C while a model is being pulled",
    () =>
      demo(
        [other],
        (out, child) => {
          if (out.includes("is being pulled")) child.kill("SIGINT");
        },
        { OLLAMA_HOST: server.url, SEMEL_DEMO_MODEL: "missing" },
      ),
    (ran) => {
      assert.equal(ran.code, 130);
      assert.equal(ran.err, "");
    },
  );
}

await badArguments();
await realModels();
await interruptedPull();
await killDemo();
await oddFolder();
await interrupted();
