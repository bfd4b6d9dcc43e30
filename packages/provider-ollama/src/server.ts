import { credentialWord } from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";
import { fetchOf } from "./checked-options.ts";
import type { Connection } from "./client.ts";
import { addressOf } from "./host.ts";
import type { OllamaOptions } from "./options.ts";

/** The server of one provider: how it is reached, and what must not be shown of that. */
export interface Server extends Connection {
  readonly host: string;
  readonly secrets: readonly string[];
  /** The same word for the same credential, which it says nothing of; `undefined` without one. */
  readonly credential: string | undefined;
}

/** @throws `OPTION_INVALID` */
export function serverOf({ host, headers = {}, fetch }: OllamaOptions): Server {
  const address =
    host === undefined ? addressOf(process.env.OLLAMA_HOST ?? "", "OLLAMA_HOST") : addressOf(host, "ollama.host");
  const given = headersOf(headers);
  const authorization = given.authorization ?? address.authorization;
  // The client sends this one by itself, to the makers of Ollama only.
  const key = process.env.OLLAMA_API_KEY ?? "";
  const values = Object.values(given).flatMap((value) => [value, value.replace(/^\S+\s+/, "")]);
  return {
    url: address.url,
    host: address.host,
    headers: { ...given, ...(authorization !== undefined && { authorization }) },
    fetch: fetchOf(fetch),
    secrets: [...values, ...address.secrets, key].filter((secret) => secret !== ""),
    credential: authorization === undefined ? undefined : credentialWord({}, authorization),
  };
}

/** Checked here: `fetch` would say what is wrong with a value by repeating it. */
function headersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const expected = "an object with names and values of headers";
  if (typeof headers !== "object" || headers === null)
    throw new OptionInvalidError("ollama.headers", expected, typeof headers);
  // `Headers` would make a text of anything: of a variable that is not set, "undefined".
  for (const [name, value] of Object.entries(headers))
    if (typeof value !== "string")
      throw new OptionInvalidError(`ollama.headers.${name}`, "a text", `(not shown: ${typeof value})`);
  try {
    return Object.fromEntries(new Headers(headers));
  } catch {
    throw new OptionInvalidError("ollama.headers", expected, "(not shown: it may hold a password)");
  }
}
