import { OptionInvalidError } from "@semel/core";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** What a URL says. */
export interface ServerUrl extends Address {
  readonly db: number;
  readonly isTls: boolean;
  readonly login: Login;
  /** 4 or 6: only addresses of that kind. 0: of both, the first that answers. */
  readonly family: number | undefined;
}

const expected = "redis://[user:password@]host[:port][/database] or the same with rediss://";

/**
 * Reads `redis://` and `rediss://`. Strict, since a part that is misread connects to the wrong database in silence.
 * @throws `OPTION_INVALID`; the URL is never in the text, as it may hold a password.
 */
export function readUrl(text: unknown, option: string): ServerUrl {
  if (typeof text !== "string") throw new OptionInvalidError(option, expected, text);
  if (!/^rediss?:\/\//i.test(text)) throw new OptionInvalidError(option, expected, schemeOf(text));
  const url = parsed(text);
  if (url === undefined) {
    throw new OptionInvalidError(option, `${expected}, with user and password percent-encoded`, schemeOf(text));
  }
  const path = /^\/?(\d{0,6})$/.exec(url.pathname);
  if (path === null || url.hash !== "") {
    // A part of the password may have ended up here, so it is not shown.
    const advice = "the number of a database after the slash; in a password, # and / are written %23 and %2F";
    throw new OptionInvalidError(option, advice, "something else");
  }
  const { family, ...others } = Object.fromEntries(url.searchParams);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new OptionInvalidError(option, "no parameter but family; others belong in { url, ioredis }", unknown);
  }
  if (family !== undefined && !["0", "4", "6"].includes(family)) {
    throw new OptionInvalidError(`${option}?family`, "0, 4 or 6", family);
  }
  return {
    // Brackets are how a URL sets off an IPv6 address; they are no part of it.
    host: url.hostname === "" ? "localhost" : url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6_379 : Number(url.port),
    db: Number(path[1]),
    isTls: url.protocol === "rediss:",
    family: family === undefined ? undefined : Number(family),
    login: decoded(url, option),
  };
}

/** @throws `OPTION_INVALID` for what is no `{ host, port }`. */
export function addressOf(node: unknown, option: string, usualPort: number): Address {
  const { host, port = usualPort } = (typeof node === "object" && node !== null ? node : {}) as Partial<Address>;
  if (typeof host !== "string" || host === "") throw new OptionInvalidError(`${option}.host`, "a host", host);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new OptionInvalidError(`${option}.port`, "a port from 1 to 65535", port);
  }
  return { host, port };
}

/** What is said beside a URL wins over what is in it. @throws `OPTION_INVALID` without showing either. */
export function loginOf(source: Readonly<Record<string, unknown>>, ofUrl: Login = {}): Login {
  const given: Record<string, string> = {};
  for (const name of ["username", "password"] as const) {
    const value = source[name];
    if (value === undefined) continue;
    if (typeof value !== "string") throw new OptionInvalidError(`redis.${name}`, "text", typeof value);
    given[name] = value;
  }
  return { ...ofUrl, ...given };
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function decoded({ username, password }: URL, option: string): Login {
  try {
    return {
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    throw new OptionInvalidError(option, "user and password percent-encoded: % is written %25", "a lone %");
  }
}

function schemeOf(text: string): string {
  if (text.trim() === "") return "an empty text";
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[1];
  return scheme === undefined ? "text without a scheme" : `${scheme}://…`;
}
