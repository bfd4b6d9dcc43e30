import { readFile, rename, writeFile } from "node:fs/promises";
import { OptionInvalidError } from "@semel/core";
import type { JsonSchema } from "./json-schema.ts";

/** What the file says of one job. */
export interface JobSchema {
  readonly version: number;
  readonly payload: JsonSchema;
}

/** By type. */
export type JobSchemas = Readonly<Record<string, JobSchema>>;

const format = 1;

/** `undefined` where there is no such file. @throws `OPTION_INVALID` for a file of something else. */
export async function readSnapshot(path: string): Promise<JobSchemas | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
  const expected = `a file that checkJobSchemas has written (format ${format})`;
  try {
    const { semel, jobs } = JSON.parse(text) as { semel?: unknown; jobs?: unknown };
    if (semel === format && typeof jobs === "object" && jobs !== null) return jobs as JobSchemas;
  } catch {
    // Told below: a conflict of two branches looks like this, too.
  }
  throw new OptionInvalidError("checkJobSchemas.snapshot", expected, path);
}

/** Sorted, so that the file changes only where a schema has; in one piece, so that nobody reads half of it. */
export async function writeSnapshot(path: string, schemas: JobSchemas): Promise<void> {
  const text = `${JSON.stringify(sorted({ semel: format, jobs: schemas }), undefined, 2)}\n`;
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}
