import { OptionInvalidError } from "@semel/core";
import { appearances } from "./appearances.ts";
import { allowed, type Check } from "./check.ts";

/**
 * Blocks an answer that holds one of these secrets: as it is, with blanks or punctuation between its letters, reversed, or in
 * base64. The verdict says which by its place in the list.
 * @throws `OPTION_INVALID` for a secret of fewer than 8 characters.
 */
export function secretsCheck(secrets: readonly string[]): Check {
  const known = secrets.map((secret, index) => {
    if (typeof secret !== "string" || secret.replace(/[\s\p{P}]/gu, "").length < 8)
      throw new OptionInvalidError(`secretsCheck[${index}]`, "at least 8 letters or digits", typeof secret);
    return { rule: `secret/${index}`, isIn: appearances(secret) };
  });
  return {
    name: "secrets",
    onError: "block",
    look({ text }) {
      const rules = known.filter(({ isIn }) => isIn(text)).map(({ rule }) => rule);
      return rules.length > 0 ? { is: "block", rules } : allowed;
    },
  };
}
