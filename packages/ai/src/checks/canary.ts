import { appearances } from "./appearances.ts";
import { allowed, type Check } from "./check.ts";
import { canaryRule } from "./guarded.ts";

/**
 * Blocks an answer in which the token of a prompt comes back: as it is, in parts that only blanks or punctuation keep apart,
 * reversed, or in base64. A model that spells it out in words, or translates it, is not noticed.
 * @param canary {@link Prompt.canary}
 */
export function canaryCheck(canary: string | undefined): Check {
  const isIn = canary === undefined ? () => false : appearances(canary);
  return {
    name: "canary",
    onError: "block",
    look: ({ text }) => (isIn(text) ? { is: "block", rules: [canaryRule] } : allowed),
  };
}
