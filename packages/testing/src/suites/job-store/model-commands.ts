import * as fc from "fast-check";

/** How often each is drawn. What moves a job along comes more often than what ends it, or all would soon be over. */
const byOwners = {
  claim: 4,
  renew: 1,
  retry: 3,
  defer: 1,
  complete: 1,
  die: 1,
  "step-begin": 1,
  "step-end": 5,
  "step-undo": 1,
};
const byAnybody = { reserve: 1, "reserve-by-force": 2, unreserve: 1, cancel: 1, redrive: 2, "step-decide": 1, pass: 2 };

export type Verb = keyof typeof byOwners | keyof typeof byAnybody;

/** What is done to one of two keys. */
export interface Command {
  readonly does: Verb;
  readonly key: 0 | 1;
  /** Whoever acquired the key last, so that work gets somewhere; or one of three, with what it still believes to hold. */
  readonly owner: "holder" | 0 | 1 | 2;
  /** Under which id: the one that stands for the key, or one of three others. */
  readonly id: "standing" | 0 | 1 | 2;
  readonly lease: "short" | "long";
  readonly step: "charge" | "notify";
  readonly flag: boolean;
}

/** Whether a worker does it, as opposed to a client or an operator. */
export const isByOwner = (verb: Verb): boolean => verb in byOwners;

function weighted<T extends string | number>(values: readonly (readonly [T, number])[]): fc.Arbitrary<T> {
  return fc.oneof(...values.map(([value, weight]) => ({ weight, arbitrary: fc.constant(value) })));
}

export const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.record<Command>({
    does: weighted(Object.entries({ ...byOwners, ...byAnybody }) as [Verb, number][]),
    key: weighted<0 | 1>([
      [0, 3],
      [1, 1],
    ]),
    owner: weighted<Command["owner"]>([
      ["holder", 7],
      [0, 1],
      [1, 1],
      [2, 1],
    ]),
    id: weighted<Command["id"]>([
      ["standing", 9],
      [0, 1],
      [1, 1],
      [2, 1],
    ]),
    lease: fc.constantFrom<Command["lease"][]>("short", "long"),
    step: weighted<Command["step"]>([
      ["charge", 2],
      ["notify", 1],
    ]),
    flag: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40, size: "max" },
);
