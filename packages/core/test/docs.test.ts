import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { deadReasons } from "../src/dead-letter/reason.ts";
import { decide } from "../src/idempotency/decide.ts";
import type { JobRecord } from "../src/idempotency/job-record.ts";
import type { Reserve } from "../src/idempotency/operations.ts";
import { defineJob, errorCodes, eventNames } from "../src/index.ts";
import { type DefinedJob, definitionOf } from "../src/job/define-job.ts";
import type { JobState } from "../src/job/state.ts";
import { memory } from "../src/memory/index.ts";
import { backoffMs, backoffPolicy, stepMs } from "../src/retry/backoff.ts";
import { settingsOf } from "../src/semel/options.ts";
import { here, problemsOf, programOf, root } from "./types/compile.ts";

/*
 * Holds the documentation to the code. What a page says in a table is compared with what the code does, and what it shows
 * in a ```ts block is compiled.
 *
 * - A comment that begins with `<!-- given` is put in front of every block that follows it on its page. Readers do not see it.
 * - A block that opens with ```ts ignore is not compiled.
 */

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...["packages", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .map((name) => join(folder, name, "README.md"))
      .filter((path) => existsSync(join(root, path))),
  ),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    // What the site is put together from is copied or generated.
    .filter((path) => path.endsWith(".md") && !/^(node_modules|\.site|\.vitepress)\b/.test(path))
    .map((path) => join("docs", path)),
];
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const core = (path: string): string => textOf(join("packages/core/src", path));

/** The rows of the tables in a text, each as its cells; headings and rulers are left out. */
function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\s*\|/.test(line))
    .map((line) =>
      line
        .trim()
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    )
    .filter((cells, index, rows) => !isRuler(cells) && !isRuler(rows[index + 1] ?? []));
}
const isRuler = (cells: readonly string[]): boolean => cells.length > 0 && cells.every((cell) => /^:?-+:?$/.test(cell));

/** What stands in back quotes. */
const named = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");

/** The part of a page below a heading, up to the next one of the same level or above. */
function section(page: string, heading: string): string {
  const [marks] = heading.split(" ", 1);
  const start = page.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const below = page.slice(start + heading.length + 2);
  const end = below.search(new RegExp(`^#{1,${marks?.length ?? 1}} `, "m"));
  return end < 0 ? below : below.slice(0, end);
}

interface Block {
  readonly page: string;
  readonly line: number;
  readonly path: string;
  readonly text: string;
  /** Lines before the block's own first one. */
  readonly given: number;
}

function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let given = "";
  const text = textOf(page);
  for (const match of text.matchAll(
    /<!-- given\n(?<given>.*?)-->|^(?<indent> *)```ts(?<flags>[^\n]*)\n(?<code>.*?)^ *```$/gms,
  )) {
    const { given: newGiven, flags = "", code = "" } = match.groups ?? {};
    if (newGiven !== undefined) given = newGiven;
    else if (flags.trim() !== "ignore") {
      const line = text.slice(0, match.index).split("\n").length;
      // An adapter's page stands in the adapter, beside what its users hand in; others in the testing package.
      const own = /^packages\/(?:queue|state|provider)-[^/]+/.exec(page)?.[0] ?? "packages/testing";
      const path = `${own}/test/${page.replaceAll(/[/.]/g, "-")}-${line}.ts`;
      blocks.push({ page, line, path, text: given + code, given: given.split("\n").length - 1 });
    }
  }
  return blocks;
}

describe("code in the documentation compiles", { timeout: 60_000 }, () => {
  const blocks = pages.flatMap(blocksOf);
  let program: ts.Program;
  beforeAll(() => {
    program = programOf(Object.fromEntries(blocks.map(({ path, text }) => [path, text])));
  }, 120_000);

  test("there is some", () => expect(blocks.length).toBeGreaterThan(20));

  test("none escapes: another language, or ignored where no test of its own takes it", () => {
    const takenElsewhere = ["docs/guides/from-bullmq.md", "docs/guides/nestjs.md"];
    const escaped = pages.flatMap((page) =>
      [...textOf(page).matchAll(/^ *```((?:typescript|tsx|js|javascript|mts|cts)\b|ts ignore).*$/gm)]
        .filter(([, what]) => what !== "ts ignore" || !takenElsewhere.includes(page))
        .map(([fence]) => `${page}: ${fence.trim()}`),
    );
    expect(escaped).toEqual([]);
  });

  test.each(blocks)("$page, line $line", ({ page, path, line, given }) => {
    const problems = problemsOf(program, path).map((problem) =>
      problem.replace(/^\d+/, (at) => `${page}:${Number(at) <= given ? "given" : Number(at) - given + line}`),
    );
    expect(problems).toEqual([]);
  });
});

describe("links lead somewhere", () => {
  const anchorsOf = (page: string): Set<string> =>
    new Set(
      [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
          .replaceAll(" ", "-"),
      ),
    );

  test.each(pages)("%s", (page) => {
    const prose = textOf(page).replaceAll(/^ *```.*?^ *```$/gms, "");
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? page : relative(root, join(root, dirname(page), path));
        if (!existsSync(join(root, file))) return true;
        return anchor !== undefined && !anchorsOf(file).has(anchor);
      });
    expect(broken).toEqual([]);
  });

  test("every decision is listed", () => {
    const decisions = pages.filter((page) => page.startsWith("docs/decisions/")).map((page) => page.slice(5));
    expect(decisions.filter((page) => !textOf("docs/README.md").includes(`(${page})`))).toEqual([]);
  });
});

describe("docs/events.md", () => {
  const rows = rowsOf(textOf("docs/events.md").split("<!-- events -->")[1] ?? "");

  test("lists every event, and no other", () => {
    expect(rows.map(([name = ""]) => named(name)[0])).toEqual([...eventNames]);
  });

  test("names the fields of each, and no other", { timeout: 60_000 }, () => {
    const path = `${here}/events-of-the-docs.ts`;
    const program = programOf({
      [path]: `import type { Events } from "@semel/core"; export declare const events: Events;`,
    });
    const checker = program.getTypeChecker();
    const file = program.getSourceFile(join(root, path));
    const symbol = file && checker.getSymbolAtLocation(file)?.exports?.get("events" as ts.__String);
    if (!file || !symbol) throw new Error("the events could not be read");
    const events = checker.getTypeOfSymbolAtLocation(symbol, file);
    for (const event of events.getProperties()) {
      const fields = checker.getTypeOfSymbolAtLocation(event, file).getProperties();
      const row = rows.find(([name = ""]) => named(name)[0] === event.name);
      expect({ [event.name]: named(row?.[1] ?? "").sort() }).toEqual({
        [event.name]: fields.map(({ name }) => name).sort(),
      });
    }
  });
});

describe("docs/errors.md", () => {
  const page = textOf("docs/errors.md");

  test("has a heading for every code, and no other", () => {
    const headings = [...page.matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code);
    expect(headings).toEqual([...errorCodes]);
  });

  test("says of every reason of death what to do", () => {
    const rows = rowsOf(section(page, "## Why a job is dead"));
    expect(rows.map(([reason = ""]) => named(reason)[0])).toEqual([...deadReasons]);
    expect(rows.every(([, meaning = "", advice = ""]) => meaning.length > 0 && advice.length > 0)).toBe(true);
  });
});

describe("docs/glossary.md", () => {
  const states = rowsOf(section(textOf("docs/glossary.md"), "## States"));

  test("has every state and every view", () => {
    const all: readonly JobState[] = ["pending", "running", "retrying", "completed", "dead", "cancelled"];
    expect(states.map(([state = ""]) => named(state)[0])).toEqual([...all, "delayed", "held", "waiting-for-children"]);
  });

  test.each(["pending", "running", "retrying", "completed", "dead", "cancelled"] as const)(
    "says what a repeat of %s work answers",
    (state) => {
      const [, , , answer = ""] = states.find(([name = ""]) => named(name)[0] === state) ?? [];
      const job = { key: "k", type: "t", lane: "t", tenant: undefined, fingerprint: "f", version: 1 };
      const rest = { delayMs: 0, deadlineMs: 1_000, onDead: "rerun", onCompleted: "replay", force: false } as const;
      const first: Reserve = { op: "reserve", id: "k.1", ...job, ...rest };
      const record = decide(first, { record: undefined }, 0).writes?.record as JobRecord;
      const { answer: said } = decide({ ...first, id: "k.2" }, { record: { ...record, state } }, 0);
      expect(named(answer)[0]).toBe(said.is);
    },
  );
});

describe("docs/lifecycle.md", () => {
  const page = textOf("docs/lifecycle.md");

  test("names every point at which a crash can be played, and no other", () => {
    const sources = readdirSync(join(root, "packages/core/src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map(core);
    const points = sources
      .flatMap((source) => [...source.matchAll(/failpoint\?\.\(["`]([^"`]+)["`]\)/g)])
      .map(([, point = ""]) => point.replace(/\$\{name\}/, "<step>").replace(/\$\{(group)\}/, "<$1>"));
    const rows = rowsOf(section(page, "## A crash at every point"));
    expect(rows.map(([point = ""]) => named(point)[0]).sort()).toEqual(points.sort());
  });

  test("prints the delays the code computes", () => {
    const seconds = (ms: number): string => String(ms / 1000);
    const expected = Array.from({ length: 10 }, (_, index) => {
      const failures = index + 1;
      const range = (jitter: "full" | "equal"): string => {
        const policy = backoffPolicy({ jitter });
        return `${seconds(backoffMs(policy, failures, () => 0))} – ${seconds(backoffMs(policy, failures, () => 1))} s`;
      };
      return [String(failures), `${seconds(stepMs(backoffPolicy(), failures))} s`, range("full"), range("equal")];
    });
    expect(rowsOf(section(page, "### Retries"))).toEqual(expected);
  });
});

describe("docs/defaults.md", () => {
  const page = textOf("docs/defaults.md");
  const rows = rowsOf(page);
  const units: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

  /** A cell as the code has it: "7 d" is 604800000, "1/3" a third, `"full"` a text. */
  function readCell(cell: string): unknown {
    const [quoted] = named(cell);
    if (quoted !== undefined) return JSON.parse(quoted);
    const [, amount = "", unit] = /^([\d.,/]+)(?: (ms|s|min|h|d))?$/.exec(cell) ?? [];
    if (amount === "") return cell;
    const [over = 0, under = 1] = amount.replaceAll(",", "").split("/").map(Number);
    return (over / under) * (unit === undefined ? 1 : (units[unit] ?? Number.NaN));
  }
  const documented = (option: string): unknown => {
    const row = rows.find(([cell = ""]) => named(cell)[0] === option);
    if (!row) throw new Error(`docs/defaults.md does not have ${option}`);
    return readCell(row[1] ?? "");
  };

  test("has the defaults of a job", () => {
    const job = definitionOf(defineJob({ type: "t", payload: z.object({ n: z.number() }), correlation: ["n"] }));
    const { version, tenant, onDead, keepMs, retry, timeoutMs, deadlineMs, leaseMs, maxCrashes, keepPayload } = job;
    expect({
      version: documented("version"),
      tenant: documented("tenant"),
      onDead: documented("onDead"),
      keepMs: documented("window"),
      retry: {
        maxAttempts: documented("retry.maxAttempts"),
        baseMs: documented("retry.base"),
        capMs: documented("retry.cap"),
        jitter: documented("retry.jitter"),
      },
      timeoutMs: documented("timeout"),
      deadlineMs: documented("deadline"),
      leaseMs: documented("lease"),
      maxCrashes: documented("maxCrashes"),
      keepPayload: documented("keepPayload"),
    } satisfies Partial<Record<keyof DefinedJob, unknown>>).toEqual({
      version,
      tenant,
      onDead,
      keepMs,
      retry,
      timeoutMs,
      deadlineMs,
      leaseMs,
      maxCrashes,
      keepPayload,
    });
  });

  test("has the defaults of a process", () => {
    const { namespace, deadlineMs, limits } = settingsOf(memory());
    expect(documented("createSemel.namespace")).toBe(namespace);
    expect(documented("createSemel.deadline")).toBe(deadlineMs);
    for (const [name, limit] of Object.entries(limits)) expect(documented(`createSemel.limits.${name}`)).toBe(limit);
    expect(core("worker/worker.ts")).toContain(`concurrency = ${documented("worker.concurrency")} `);
    expect(core("worker/worker.ts")).toContain(`options.deadline ?? "${Number(documented("close.deadline")) / 1000}s"`);
    expect(core("semel/handle.ts")).toContain(`options.timeout ?? "${Number(documented("result.timeout")) / 60_000}m"`);
  });

  const constants = rows.flatMap(([, value = "", where = ""]) => {
    const [, name, path] = /^\[(\w+)\]\(\.\.\/(.+)\)$/.exec(where) ?? [];
    return name && path ? [{ name, path, value }] : [];
  });

  test("has the numbers that are no options", () => expect(constants.length).toBeGreaterThan(20));

  test.each(constants)("$name is $value", ({ name, path, value }) => {
    const source = new RegExp(`const ${name}(?:: number)? = ([\\d_.*/ ]+);`).exec(textOf(path))?.[1];
    if (source === undefined) throw new Error(`${path} has no constant ${name}`);
    const factors = source.split("*").map((factor) => {
      const [over = 0, under = 1] = factor.split("/").map((number) => Number(number.replaceAll("_", "")));
      return over / under;
    });
    expect(factors.reduce((product, factor) => product * factor, 1)).toBe(readCell(value));
  });
});

describe("docs/writing-an-adapter.md", () => {
  const page = textOf("docs/writing-an-adapter.md");

  /** Names of an interface's own members. */
  function membersOf(path: string, name: string): string[] {
    const file = ts.createSourceFile(path, core(path), ts.ScriptTarget.ES2023, true);
    const found = file.statements.find(
      (statement): statement is ts.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(statement) && statement.name.text === name,
    );
    return (found?.members ?? []).flatMap((member) => (member.name ? member.name.getText(file) : []));
  }
  const verbs = (path: string, name: string): string[] =>
    membersOf(path, name).filter((verb) => verb !== "features" && verb !== "ports");

  test("has every verb of the queue, of which there are at most twelve", () => {
    const rows = rowsOf(section(page, "## The queue").split("###")[0] ?? "").map(([verb = ""]) => named(verb)[0]);
    const expected = verbs("queue/queue.ts", "Queue");
    expect(rows.filter((verb) => verb?.includes("(")).map((verb) => verb?.split("(")[0])).toEqual(expected);
    expect(expected.length).toBeLessThanOrEqual(12);
  });

  test("has every verb of the store, of which there are at most twelve", () => {
    const rows = rowsOf(section(page, "## The store").split("###")[0] ?? "").map(([verb = ""]) => named(verb)[0]);
    const expected = verbs("idempotency/job-store.ts", "JobStore");
    expect(rows.map((verb) => verb?.split("(")[0])).toEqual(expected);
    expect(expected.length).toBeLessThanOrEqual(12);
  });

  test("has every feature", () => {
    const rows = rowsOf(section(page, "### Features")).map(([feature = ""]) => named(feature)[0]);
    expect(rows).toEqual(membersOf("queue/queue.ts", "QueueFeatures"));
    for (const feature of membersOf("idempotency/job-store.ts", "JobStoreFeatures"))
      expect(section(page, "## The store")).toContain(`\`${feature}\``);
  });

  test("has transitions for every operation", () => {
    const rows = rowsOf(section(page, "### Transitions"));
    const operations = [...core("idempotency/operations.ts").matchAll(/^ {2}readonly op: "([a-z-]+)";/gm)].map(
      ([, operation]) => operation ?? "",
    );
    expect(new Set(rows.flatMap(([, operation = ""]) => named(operation)))).toEqual(new Set(operations));
    expect(rows.map(([number]) => number)).toEqual(rows.map((_, index) => `T${index + 1}`));
  });
});

describe("README.md", () => {
  test("has a program of under thirty lines, and what it prints", () => {
    const [, program = ""] = /<!-- run -->\n```ts\n(.*?)^```/ms.exec(textOf("README.md")) ?? [];
    expect(program.trim().split("\n").length).toBeLessThan(30);
    expect(program).toBe(textOf("examples/01-first-job/src/main.ts"));
    expect(textOf("README.md")).toMatch(/<!-- prints -->\n```text\n/);
  });
});

describe("every published package's README", () => {
  const published = readdirSync(join(root, "packages")).flatMap((folder) => {
    const path = join("packages", folder, "package.json");
    const manifest = existsSync(join(root, path))
      ? (JSON.parse(textOf(path)) as { name: string; private?: boolean; bin?: object })
      : undefined;
    return manifest && !manifest.private ? [{ ...manifest, page: join("packages", folder, "README.md") }] : [];
  });

  test("there are some", () => expect(published.length).toBeGreaterThan(5));

  test.each(published)("$name: how to install it, and a first program", ({ name, bin, page }) => {
    const text = textOf(page);
    const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines = ""]) => lines).join("");
    expect(commands).toMatch(new RegExp(`npm install .*${name}\\b`));
    expect(text).toMatch(bin ? /^```sh$/m : /^```ts\n/m);
  });
});
