import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnyJob, defineJob } from "@semel/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { checkJobSchemas } from "../../src/index.ts";

let folder: string;
let snapshot: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "semel-schemas-"));
  snapshot = join(folder, "jobs.schema.json");
  vi.stubEnv("CI", "");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const correlation = ["id"] as const;
const first = defineJob({
  type: "embed",
  correlation,
  payload: z.object({ id: z.string(), size: z.enum(["s", "m"]) }),
});
const wider = defineJob({
  type: "embed",
  correlation,
  payload: z.object({ id: z.string(), size: z.enum(["s", "m", "l"]), model: z.string().optional() }),
});
const narrower = defineJob({
  type: "embed",
  correlation,
  payload: z.object({ id: z.string(), size: z.enum(["m"]), model: z.string() }),
});
const other = defineJob({ type: "reply", correlation, payload: z.object({ id: z.string() }) });

/** A Standard Schema without the extension. */
const plain = {
  "~standard": {
    version: 1,
    vendor: "by hand",
    validate: (value: unknown) => ({ value: value as { id: string } }),
    types: undefined as { input: { id: string }; output: { id: string } } | undefined,
  },
} as const;

const check = (jobs: readonly AnyJob[], update?: boolean | "all") => checkJobSchemas({ jobs, snapshot, update });
const written = () => readFile(snapshot, "utf8");

describe("checkJobSchemas", () => {
  it("writes a file to be committed, the same one for the same jobs in any order", async () => {
    expect(await check([other, first])).toMatchObject({
      changes: [
        { type: "embed", version: 1, is: "added" },
        { type: "reply", version: 1, is: "added" },
      ],
      isWritten: true,
    });
    const before = await written();
    expect(JSON.parse(before)).toMatchObject({
      semel: 1,
      jobs: { embed: { version: 1, payload: { required: ["id", "size"] } }, reply: { version: 1 } },
    });
    expect(before.endsWith("}\n")).toBe(true);
    expect(await check([first, other, first])).toEqual({ changes: [], isWritten: false });
    expect(await written()).toBe(before);
  });

  it("lets a compatible change pass, and puts it into the file", async () => {
    await check([first]);
    expect(await check([wider])).toMatchObject({ changes: [{ type: "embed", is: "widened" }], isWritten: true });
    expect(await check([wider], false)).toEqual({ changes: [], isWritten: false });
    // And from then on the wider one is what has to be understood.
    await expect(check([first])).rejects.toMatchObject({ code: "PAYLOAD_CHANGED" });
  });

  it("fails a change that payloads which wait would not survive, says where, and writes nothing", async () => {
    await check([first, other]);
    const before = await written();
    const failure = check([narrower]);
    await expect(failure).rejects.toMatchObject({
      code: "PAYLOAD_CHANGED",
      details: {
        changes: [
          {
            ...{ type: "embed", version: 1, is: "narrowed" },
            problems: [
              { path: "payload.size", problem: '"s" is not allowed any more' },
              { path: "payload.model", problem: "is new, and required" },
            ],
          },
          { type: "reply", version: 1, is: "removed", problems: [] },
        ],
      },
    });
    await expect(failure).rejects.toThrow(/embed \(version 1\) refuses payloads .*\n {4}payload\.size: "s" is not/s);
    expect(await written()).toBe(before);
    expect(await check([narrower], "all")).toMatchObject({ isWritten: true });
    expect(await check([narrower], false)).toMatchObject({ changes: [] });
  });

  it("lets any change pass with a new version and an upcast to it; without one, or backwards, it does not", async () => {
    await check([first]);
    const options = { type: "embed", correlation, payload: z.object({ id: z.string(), model: z.string() }) } as const;
    const stranded = defineJob({ ...options, version: 2 });
    await expect(check([stranded])).rejects.toMatchObject({
      code: "PAYLOAD_CHANGED",
      details: { changes: [{ is: "stranded", problems: [{ path: "upcast[1]", problem: "is missing" }] }] },
    });
    const raised = defineJob({ ...options, version: 2, upcast: { 1: (old) => ({ ...old, model: "small" }) } });
    expect(await check([raised])).toMatchObject({ changes: [{ is: "raised", version: 2 }], isWritten: true });
    await expect(check([first])).rejects.toMatchObject({
      code: "PAYLOAD_CHANGED",
      details: { changes: [{ is: "lowered", version: 1 }] },
    });
  });

  it("in CI writes nothing, and fails where the file was not committed", async () => {
    vi.stubEnv("CI", "true");
    await expect(check([first])).rejects.toMatchObject({
      code: "SNAPSHOT_STALE",
      message: expect.stringContaining("is not there"),
    });
    await check([first], true);
    expect(await check([first])).toEqual({ changes: [], isWritten: false });
    await expect(check([wider, other])).rejects.toMatchObject({
      code: "SNAPSHOT_STALE",
      details: {
        changes: [
          { type: "embed", is: "widened" },
          { type: "reply", is: "added" },
        ],
      },
    });
    await expect(check([narrower])).rejects.toMatchObject({ code: "PAYLOAD_CHANGED" });
    vi.stubEnv("CI", "false");
    expect(await check([wider])).toMatchObject({ isWritten: true });
  });

  it("says clearly when a schema offers no JSON Schema, and takes one from elsewhere", async () => {
    const bare = defineJob({ type: "plain", correlation, payload: plain });
    await expect(check([bare])).rejects.toMatchObject({
      code: "SCHEMA_OPAQUE",
      message: expect.stringMatching(
        /^plain: its payload schema \(by hand\) offers no JSON Schema; expected .* toJsonSchema/,
      ),
      details: { type: "plain", vendor: "by hand" },
    });
    const custom = defineJob({ type: "custom", correlation, payload: z.object({ id: z.custom<string>() }) });
    await expect(check([custom])).rejects.toMatchObject({
      code: "SCHEMA_OPAQUE",
      message: expect.stringContaining("Custom types cannot be represented"),
    });
    const asked: unknown[] = [];
    const report = await checkJobSchemas({
      jobs: [bare, first],
      snapshot,
      toJsonSchema: (schema, { type }) => {
        asked.push(schema);
        return type === "plain"
          ? { type: "object", properties: { id: { type: "string" } }, required: ["id"] }
          : undefined;
      },
    });
    expect(report.isWritten).toBe(true);
    expect(asked).toHaveLength(2);
    expect(JSON.parse(await written()).jobs).toMatchObject({ plain: { payload: { required: ["id"] } }, embed: {} });
  });

  it("refuses what cannot be meant", async () => {
    await expect(check([])).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(check([{ type: "x" } as never])).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(check([first, wider])).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("embed has two"),
    });
    await expect(check([first], "some" as never)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(checkJobSchemas({ jobs: [first], snapshot: "" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    for (const text of ["{}", "<<<<<<< HEAD", '{"semel":2,"jobs":{}}']) {
      await writeFile(snapshot, text);
      await expect(check([first]), text).rejects.toMatchObject({ code: "OPTION_INVALID" });
      expect(await written()).toBe(text);
    }
  });
});
