import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";

/** What to pause: one type (with all that share its queue), or one queue. */
export interface Which {
  readonly type?: string | undefined;
  readonly queue?: string | undefined;
}

/** A line, and the types that are known to wait in it. */
export interface KnownLine {
  readonly lane: string;
  readonly types: readonly string[];
}

/**
 * Whatever is meant by accident must not mean everything: a misspelt field, an object without one, a name that came out
 * `undefined`.
 * @throws `OPTION_INVALID`.
 */
export function checkWhich(which: Which, verb: string): void {
  knownOnly(which, ["type", "queue"], verb);
  const { type, queue } = which;
  if ((type === undefined) === (queue === undefined)) {
    const all = verb === "limit" ? "" : `; ${verb}() means every queue there is by now`;
    throw new OptionInvalidError(verb, `either { type } or { queue }${all}`, type === undefined ? "neither" : "both");
  }
  const [field, name] = type === undefined ? ["queue", queue] : ["type", type];
  if (typeof name !== "string" || name === "") throw new OptionInvalidError(`${verb}.${field}`, "a name", name);
}

/**
 * The lines that are meant; all of them without `which`.
 * @throws `QUEUE_UNKNOWN` for a name that leads to none: what was held under it would hold nothing.
 */
export function meantLines(which: Which | undefined, known: readonly KnownLine[], verb: string): readonly string[] {
  const { type, queue } = which ?? {};
  const isMeant = ({ lane, types }: KnownLine): boolean =>
    which === undefined || (type === undefined ? lane === queue : types.includes(type));
  const lanes = new Set(known.filter(isMeant).map(({ lane }) => lane));
  if (which && lanes.size === 0) {
    const name = type === undefined ? `no queue "${queue}"` : `no job of type "${type}"`;
    throw new SemelError(
      "QUEUE_UNKNOWN",
      `${verb}: ${name} is known here: nothing of it was ever enqueued, and no living worker takes it`,
      { details: { ...which } },
    );
  }
  return [...lanes];
}
