import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { DefinedJob } from "../job/define-job.ts";
import type { Envelope } from "../job/envelope.ts";
import { digest, type Fingerprint, type GuardKey } from "../job/identity.ts";
import type { AnyJob } from "../job/job.ts";
import type { JobRequest } from "../job/request.ts";
import { breathe } from "../runtime/breathe.ts";
import type { Prepared } from "../semel/prepare.ts";
import { mostChildren } from "./bounds.ts";
import type { ChildrenOptions, OnChildFailure } from "./child.ts";

/** One piece of work that is waited for. Children that ask for the same are one. */
export interface Work {
  readonly at: number;
  readonly key: GuardKey;
  readonly fingerprint: Fingerprint | undefined;
  readonly version: number;
  readonly prepared: Prepared;
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
  const works = new Map<string, Work>();
  const firstOf = new Map<GuardKey, Work>();
  const edges: Edge[] = [];
  for (let start = 0; start < requests.length; start += atATime) {
    const some = requests.slice(start, start + atATime);
    const prepared = await Promise.all(
      some.map((one, offset) => {
        if (one?.["~semel"] !== "request")
          throw new OptionInvalidError(`children(…, requests[${start + offset}])`, "request(job, payload)", one);
        // Derived, not drawn: enqueued again after a crash, it is the same job.
        const id = digest(`${cause.id}/children/${name}/${start + offset}`);
        return prepareRequest(cause, one, id, onParentEnd === "cancel");
      }),
    );
    prepared.forEach((one, offset) => {
      const index = start + offset;
      const work = workOf(one, isUnique(some[offset]), works, firstOf);
      if (work.key === cause.key)
        throw new OptionInvalidError(`children(…, requests[${index}])`, "other work than the parent's own", cause.type);
      const policy = typeof onFailure === "function" ? onFailure(some[offset] as JobRequest<J>, index) : onFailure;
      if (!policies.includes(policy))
        throw new OptionInvalidError("children.onFailure", '"fail-parent", "continue" or "ignore"', policy);
      edges.push({ work, onFailure: policy });
    });
    await breathe();
  }
  // A parent that was redriven has another id, and the same list.
  const identities = [...works.values()].map((work) => (work.isUnique ? "" : `${work.key}${work.clashes ? "!" : ""}`));
  return { edges, works: [...works.values()], digest: digest(`${edges.length}:${identities.join()}`) };
}

const isUnique = (one: JobRequest | undefined): boolean => (one?.job as DefinedJob | undefined)?.correlation === "none";

function workOf(prepared: Prepared, isUnique: boolean, works: Map<string, Work>, firstOf: Map<GuardKey, Work>): Work {
  const { key = "", fingerprint, version = 1 } = prepared.reserve ?? {};
  const name = `${key}/${fingerprint}`;
  const known = works.get(name);
  if (known) return known;
  const work = { at: works.size, key, fingerprint, version, prepared, isUnique, clashes: firstOf.has(key) };
  works.set(name, work);
  if (!work.clashes) firstOf.set(key, work);
  return work;
}
