import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { DefinedJob } from "../job/define-job.ts";
import type { Envelope } from "../job/envelope.ts";
import { digest, type Fingerprint, type GuardKey, type JobId } from "../job/identity.ts";
import type { AnyJob } from "../job/job.ts";
import type { JobRequest } from "../job/request.ts";
import { breathe } from "../runtime/breathe.ts";
import type { Prepared } from "../semel/prepare.ts";
import { mostChildren } from "./bounds.ts";
import type { ChildrenOptions, OnChildFailure } from "./child.ts";

/** One piece of work that is waited for. Children that ask for the same are one. */
export interface Work {
  /** Its place among the works of the family. */
  readonly at: number;
  /** The place of the first request that asks for it. */
  readonly index: number;
  readonly key: GuardKey;
  /** The job it is enqueued as, if nobody's stands for it. */
  readonly id: JobId;
  readonly type: string;
  readonly fingerprint: Fingerprint | undefined;
  readonly version: number;
  /** Its type says that no two jobs are the same work, so its key follows from the parent's id. */
  readonly isUnique: boolean;
  /** Another child of this group asked first for the same work with another payload. */
  readonly clashes: boolean;
}

/** A request for a child: what it asks for, and what its failure means. */
export interface Edge {
  readonly work: Work;
  readonly onFailure: OnChildFailure;
}

/** All children of one group. */
export interface Family {
  readonly edges: readonly Edge[];
  readonly works: readonly Work[];
  /** Tells a list of children from another one: what work they stand for, in order. */
  readonly digest: string;
  /** Encodes a child anew: a thousand encoded ones are not kept just because somebody looks at them. */
  prepare(work: Work): Promise<Prepared>;
}

export interface FamilyParts {
  readonly cause: Envelope;
  prepareRequest(cause: Envelope, request: JobRequest, id: string, isBound: boolean): Promise<Prepared>;
}

const policies: readonly OnChildFailure[] = ["fail-parent", "continue", "ignore"];
const atATime = 100;

/**
 * Checks and encodes all requests, so that one that is wrong is refused before any is enqueued. Asks nobody.
 * @throws `CHILDREN_TOO_MANY`, `OPTION_INVALID`, and whatever enqueuing one of them could be refused with.
 */
export async function familyOf<J extends AnyJob>(
  { cause, prepareRequest }: FamilyParts,
  name: string,
  requests: readonly JobRequest<J>[],
  options: ChildrenOptions<J>,
): Promise<Family> {
  knownOnly(options, ["onFailure", "onParentEnd"], "children");
  const { onFailure = "fail-parent", onParentEnd = "leave" } = options;
  if (onParentEnd !== "leave" && onParentEnd !== "cancel")
    throw new OptionInvalidError("children.onParentEnd", '"leave" or "cancel"', onParentEnd);
  if (!Array.isArray(requests))
    throw new OptionInvalidError("children(…, requests)", "an array of request(job, payload)", requests);
  if (requests.length > mostChildren)
    throw new SemelError(
      "CHILDREN_TOO_MANY",
      `children("${name}"): ${requests.length} children, at most ${mostChildren} can be waited for at a time; let children have children`,
      { details: { name, children: requests.length, most: mostChildren } },
    );
  const prepare = async (index: number): Promise<Prepared> => {
    const one = requests[index];
    if (one?.["~semel"] !== "request")
      throw new OptionInvalidError(`children(…, requests[${index}])`, "request(job, payload)", one);
    // Derived, not drawn: enqueued again after a crash, it is the same job.
    return prepareRequest(cause, one, digest(`${cause.id}/children/${name}/${index}`), onParentEnd === "cancel");
  };
  const works = new Map<string, Work>();
  const firstOf = new Map<GuardKey, Work>();
  const edges: Edge[] = [];
  for (let start = 0; start < requests.length; start += atATime) {
    const some = requests.slice(start, start + atATime);
    const prepared = await Promise.all(some.map((_, offset) => prepare(start + offset)));
    some.forEach((one, offset) => {
      const index = start + offset;
      const work = workOf(prepared[offset] as Prepared, index, isUnique(one), works, firstOf);
      if (work.key === cause.key)
        throw new OptionInvalidError(`children(…, requests[${index}])`, "other work than the parent's own", cause.type);
      edges.push({ work, onFailure: policyOf(onFailure, one, index) });
    });
    await breathe();
  }
  // A parent that was redriven has another id, and the same list.
  const identities = [...works.values()].map((work) => (work.isUnique ? "" : `${work.key}${work.clashes ? "!" : ""}`));
  return {
    edges,
    works: [...works.values()],
    digest: digest(`${edges.length}:${identities.join()}`),
    prepare: ({ index }) => prepare(index),
  };
}

const isUnique = (one: JobRequest): boolean => (one.job as DefinedJob).correlation === "none";

function policyOf<J extends AnyJob>(
  onFailure: NonNullable<ChildrenOptions<J>["onFailure"]>,
  one: JobRequest<J>,
  index: number,
): OnChildFailure {
  const policy = typeof onFailure === "function" ? onFailure(one, index) : onFailure;
  if (policies.includes(policy)) return policy;
  throw new OptionInvalidError("children.onFailure", '"fail-parent", "continue" or "ignore"', policy);
}

function workOf(
  { reserve, addition }: Prepared,
  index: number,
  isUnique: boolean,
  works: Map<string, Work>,
  firstOf: Map<GuardKey, Work>,
): Work {
  const { key = "", fingerprint, version = 1 } = reserve ?? {};
  const name = `${key}/${fingerprint}`;
  const known = works.get(name);
  if (known) return known;
  const { id, type } = addition;
  const clashes = firstOf.has(key);
  const work = { at: works.size, index, key, id, type, fingerprint, version, isUnique, clashes };
  works.set(name, work);
  if (!clashes) firstOf.set(key, work);
  return work;
}
