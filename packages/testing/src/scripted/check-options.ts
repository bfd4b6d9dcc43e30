import { type Clock, type EmbeddingLimits, OptionInvalidError } from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";
import type { ScriptedEmbeddingOptions, ScriptedOptions } from "./scripted.ts";

const known: readonly (keyof ScriptedOptions)[] = ["name", "script", "latency", "timeout", "idleTimeout", "clock"];
const verbs: readonly (keyof Clock)[] = ["now", "monotonic", "timer"];
const limitNames: readonly (keyof EmbeddingLimits)[] = ["maxItems", "maxTokens", "maxItemTokens"];
/** More than any model has; and a vector is made up for each text. */
const mostDimensions = 16_384;

/** All of them at once, in the name of the function they were given to: models are made later, and elsewhere. @throws `OPTION_INVALID` */
export function checkOptions(options: ScriptedOptions): void {
  knownOnly(options, known, "scripted");
  const { name, script, clock } = options;
  if (name !== undefined) checkName(name, "scripted.name");
  if (script !== undefined && typeof script !== "function")
    throw new OptionInvalidError("scripted.script", "a function of a request", script);
  if (clock !== undefined && verbs.some((verb) => typeof clock?.[verb] !== "function"))
    throw new OptionInvalidError("scripted.clock", `a clock with ${verbs.join(", ")}`, clock);
  for (const time of ["latency", "timeout", "idleTimeout"] as const)
    if (options[time] !== undefined) toMs(options[time], `scripted.${time}`);
}

/** @throws `OPTION_INVALID` */
export function checkName(name: unknown, option: string): void {
  if (typeof name !== "string" || name.trim() === "") throw new OptionInvalidError(option, "a name", name);
}

/** @throws `OPTION_INVALID` */
export function checkEmbedding(options: ScriptedEmbeddingOptions): void {
  knownOnly(options, ["dimensions", "limits"], "scripted.embedding");
  const { dimensions, limits } = options;
  if (dimensions !== undefined && !(Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= mostDimensions))
    throw new OptionInvalidError(
      "scripted.embedding.dimensions",
      `a whole number from 1 to ${mostDimensions}`,
      dimensions,
    );
  if (limits === undefined) return;
  knownOnly(limits, limitNames, "scripted.embedding.limits");
  for (const limit of limitNames)
    if (!(typeof limits[limit] === "number" && limits[limit] >= 1))
      throw new OptionInvalidError(`scripted.embedding.limits.${limit}`, "a number from 1", limits[limit]);
}
