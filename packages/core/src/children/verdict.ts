import { namedFailures } from "./bounds.ts";
import type { End } from "./end.ts";
import type { Family } from "./family.ts";
import type { NamedChild } from "./waiting.ts";

/** What a look means for the parent: it goes on, it fails, or it has to wait. */
export interface Verdict {
  readonly is: "go-on" | "fail" | "wait";
  readonly total: number;
  readonly failed: readonly End[];
  readonly open: readonly End[];
}

/**
 * Judges a family by its policies. One child that fails its parent is enough, whatever the others say.
 * @param completed works that have completed, on record or just seen.
 */
export function judge({ works, edges }: Family, completed: ReadonlySet<number>, failed: readonly End[]): Verdict {
  const failures = new Set(failed.map(({ work }) => work));
  const open = works
    .filter(({ at }) => !completed.has(at) && !failures.has(at))
    .map(({ at }): End => ({ work: at, state: "open" }));
  const policies = new Set(edges.filter(({ work }) => failures.has(work.at)).map(({ onFailure }) => onFailure));
  const isOver = open.length === 0 || policies.has("continue");
  const is = policies.has("fail-parent") ? "fail" : isOver ? "go-on" : "wait";
  return { is, total: works.length, failed, open };
}

/** The first of them, as errors and letters name them. */
export function named({ works }: Family, ends: readonly End[]): readonly NamedChild[] {
  return ends.slice(0, namedFailures).flatMap(({ work: at, id, state, reason, error }) => {
    const work = works[at];
    return work ? [{ index: work.index, type: work.type, id: id ?? work.id, state, reason, error }] : [];
  });
}
