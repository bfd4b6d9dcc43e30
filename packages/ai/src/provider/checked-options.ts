import { OptionInvalidError } from "@semel/core";

/** What a header can carry, without white space. */
const visible = /^[!-~\u00a1-\u00ff]+$/;

/** A key; `undefined`: there is none, or only white space. @throws `OPTION_INVALID`, which does not repeat it */
export function keyOf(key: unknown, option: string): string | undefined {
  if (key === undefined || (typeof key === "string" && key.trim() === "")) return undefined;
  if (typeof key === "string" && visible.test(key)) return key;
  const what =
    typeof key === "string" ? (/\s/.test(key) ? "it has white space" : "no header can carry it") : typeof key;
  throw new OptionInvalidError(option, "a key, a text of visible characters", `(not shown: ${what})`);
}

/** What was given, where it cannot hold a password. */
export const shownOf = (given: unknown): unknown =>
  typeof given === "string" && /[@?#]/.test(given) ? "(not shown: it may hold a password)" : given;

/**
 * The address of an API.
 * @param example what one looks like.
 * @throws `OPTION_INVALID`, which does not repeat what may be a password
 */
export function addressOf(given: unknown, option: string, example: string): string | undefined {
  if (given === undefined) return undefined;
  const text = typeof given === "string" ? given.trim() : "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.username !== "" || url.password !== ""))
    throw new OptionInvalidError(
      option,
      "an address without a user and a password; a key goes into apiKey",
      shownOf(given),
    );
  if (url && /^https?:$/.test(url.protocol) && url.host !== "" && !/[?#]/.test(text)) return text;
  throw new OptionInvalidError(
    option,
    `an address like ${example}, with http:// or https:// and without a query`,
    shownOf(given),
  );
}

export function tokensOf(count: number | undefined, option: string): number | undefined {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return count;
  throw new OptionInvalidError(option, "a whole number of tokens from 1", count);
}

export function spaceOf(space: string | undefined, option: string): string | undefined {
  if (space === undefined || (typeof space === "string" && space.trim() !== "")) return space;
  throw new OptionInvalidError(option, "a text, not an empty one", space);
}

/** A size or a count is part of what is asked, not of the model. */
export function noOptions(given: unknown, at: string): void {
  if (given === undefined) return;
  const [name] = typeof given === "object" && given !== null ? Object.keys(given) : [];
  if (name !== undefined) throw new OptionInvalidError(`${at}.${name}`, "no options; a request has them", name);
  if (typeof given !== "object" || given === null)
    throw new OptionInvalidError(at, "no options; a request has them", given);
}
