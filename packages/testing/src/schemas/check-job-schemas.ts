import { type AnyJob, OptionInvalidError, SemelError } from "@semel/core";
import { type DefinedJob, definitionOf } from "@semel/core/adapter";
import { changeOf, isBreaking, type JobSchemaChange } from "./change.ts";
import { payloadSchemaOf, type ToJsonSchema } from "./json-schema.ts";
import { type JobSchemas, readSnapshot, writeSnapshot } from "./snapshot.ts";

export interface JobSchemasOptions {
  /** Every job whose payloads may be waiting somewhere. One that is in the file and not here counts as removed. */
  readonly jobs: readonly AnyJob[];
  /** The file that says what the schemas were, by its path; commit it. */
  readonly snapshot: string;
  /**
   * `true` writes changes that payloads which wait survive into the file. `false` writes nothing, and fails where there is
   * anything to write. `"all"` writes also what breaks, for when nothing of the old kind is waiting any more. Default:
   * `true`, and `false` where the environment says `CI`.
   */
  readonly update?: boolean | "all" | undefined;
  /** For schemas that do not offer JSON Schema themselves. */
  readonly toJsonSchema?: ToJsonSchema | undefined;
}

export interface JobSchemaReport {
  /** What differs from the file as it was, by type. */
  readonly changes: readonly JobSchemaChange[];
  readonly isWritten: boolean;
}

/**
 * Holds the payload schemas of jobs to what a file says they were. A payload waits, in a queue or in a dead letter, and is
 * read by whatever is deployed by then: a change that it would not survive has to come with a new version and an `upcast`.
 *
 * @example
 * test("payloads that wait are understood", async () => {
 *   await checkJobSchemas({ jobs: [embedChunk, reply], snapshot: "./jobs.schema.json" });
 * });
 * @throws `PAYLOAD_CHANGED` naming each job, field and problem; `SNAPSHOT_STALE` where the file has to be written and may
 * not; `SCHEMA_OPAQUE` where a schema cannot be written as JSON Schema; `OPTION_INVALID`.
 */
export async function checkJobSchemas(options: JobSchemasOptions): Promise<JobSchemaReport> {
  const { snapshot, update = !isCi(), toJsonSchema } = options;
  if (typeof snapshot !== "string" || snapshot === "")
    throw new OptionInvalidError("checkJobSchemas.snapshot", "the path of a file", snapshot);
  if (typeof update !== "boolean" && update !== "all")
    throw new OptionInvalidError("checkJobSchemas.update", 'true, false or "all"', update);
  const jobs = byType(options.jobs);
  const before = await readSnapshot(snapshot);
  const after: JobSchemas = Object.fromEntries(
    [...jobs].map(([type, job]) => [type, { version: job.version, payload: payloadSchemaOf(job, toJsonSchema) }]),
  );
  const types = [...new Set([...Object.keys(before ?? {}), ...jobs.keys()])].sort();
  const changes = types.flatMap((type) => changeOf(type, before?.[type], after[type], jobs.get(type)) ?? []);

  const breaking = changes.filter(isBreaking);
  if (breaking.length > 0 && update !== "all") throw changed(snapshot, breaking);
  if (changes.length === 0 && before) return { changes, isWritten: false };
  if (!update) throw stale(snapshot, before === undefined, changes);
  await writeSnapshot(snapshot, after);
  return { changes, isWritten: true };
}

function byType(jobs: readonly AnyJob[]): ReadonlyMap<string, DefinedJob> {
  if (!Array.isArray(jobs) || jobs.length === 0)
    throw new OptionInvalidError("checkJobSchemas.jobs", "at least one job", jobs);
  const found = new Map<string, DefinedJob>();
  for (const job of jobs as readonly AnyJob[]) {
    const defined = definitionOf(job);
    const other = found.get(defined.type);
    if (other && other !== defined)
      throw new OptionInvalidError("checkJobSchemas.jobs", `one definition of each type; ${defined.type} has two`, job);
    found.set(defined.type, defined);
  }
  return found;
}

const isCi = (): boolean => !["", "0", "false"].includes(process.env.CI ?? "");

const advice: Readonly<Record<JobSchemaChange["is"], string>> = {
  added: "is new",
  widened: "allows more than it did",
  raised: "has a new version",
  narrowed: "refuses payloads that may be waiting; raise its version and add an upcast, or let the old ones still fit",
  stranded: "has a new version that older payloads cannot be brought to",
  lowered: "has gone back to an older version",
  removed: 'is not among the jobs any more; if nothing of it is waiting, check once with update: "all"',
};

function lineOf({ type, version, is, problems }: JobSchemaChange): string {
  const details = problems.map(({ path, problem }) => `\n    ${path}: ${problem}`);
  return `\n  ${type} (version ${version}) ${advice[is]}${details.join("")}`;
}

const changed = (snapshot: string, changes: readonly JobSchemaChange[]): SemelError =>
  new SemelError(
    "PAYLOAD_CHANGED",
    `jobs that are waiting would not survive this (${snapshot}):${changes.map(lineOf).join("")}`,
    {
      details: { changes },
    },
  );

function stale(snapshot: string, isMissing: boolean, changes: readonly JobSchemaChange[]): SemelError {
  const what = isMissing ? "is not there" : "does not know of this yet";
  return new SemelError(
    "SNAPSHOT_STALE",
    `${snapshot} ${what}; check once with update: true (the default outside CI) and commit it:${changes.map(lineOf).join("")}`,
    { details: { changes } },
  );
}
