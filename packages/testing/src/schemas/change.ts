import type { DefinedJob } from "@semel/core/adapter";
import { equal } from "./json-schema.ts";
import { type Narrowing, narrowings } from "./narrowings.ts";
import type { JobSchema } from "./snapshot.ts";

/** What has become of one job since the snapshot. */
export interface JobSchemaChange {
  readonly type: string;
  /** The version now; of a job that is gone, the last one. */
  readonly version: number;
  /**
   * - `added`: it is new.
   * - `widened`: everything that fitted still fits.
   * - `raised`: it has a new version, and an `upcast` from each older one.
   * - `narrowed`: payloads that wait may not fit any more, and there is no new version.
   * - `stranded`: it has a new version, and no `upcast` that leads there.
   * - `lowered`: its version has gone back.
   * - `removed`: nobody defines it any more, and what waits of it is processed by nobody.
   */
  readonly is: "added" | "widened" | "raised" | "narrowed" | "stranded" | "lowered" | "removed";
  /** What does not fit any more, where that is the matter. */
  readonly problems: readonly Narrowing[];
}

/** Those that jobs which are waiting would not survive. */
export const isBreaking = ({ is }: JobSchemaChange): boolean => !["added", "widened", "raised"].includes(is);

/** `undefined` where nothing has changed. */
export function changeOf(
  type: string,
  before: JobSchema | undefined,
  after: JobSchema | undefined,
  job: DefinedJob | undefined,
): JobSchemaChange | undefined {
  const changed = (is: JobSchemaChange["is"], problems: readonly Narrowing[] = []): JobSchemaChange => ({
    type,
    version: after?.version ?? before?.version ?? 1,
    is,
    problems,
  });
  if (!after) return changed("removed");
  if (!before) return changed("added");
  if (after.version < before.version)
    return changed("lowered", [{ path: "version", problem: `was ${before.version}; a version never goes back` }]);
  if (after.version > before.version) {
    const missing = Array.from({ length: after.version - before.version }, (_, index) => before.version + index).filter(
      (from) => typeof job?.upcast[from] !== "function",
    );
    const problems = missing.map((from) => ({ path: `upcast[${from}]`, problem: "is missing" }));
    return problems.length > 0 ? changed("stranded", problems) : changed("raised");
  }
  const problems = narrowings(before.payload, after.payload);
  if (problems.length > 0) return changed("narrowed", problems);
  return equal(before.payload, after.payload) ? undefined : changed("widened");
}
