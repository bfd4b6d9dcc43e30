import { isIPv6 } from "node:net";
import { shownOf } from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";

/** Where the server is, and what it is to be shown. */
export interface Address {
  /** With its scheme and port, and without a user, a password, or a slash at its end. */
  readonly url: string;
  /** Host and port, as models say it of themselves. */
  readonly host: string;
  /** A user and a password of the address, as a header. */
  readonly authorization: string | undefined;
  /** That password, in every form in which it is sent. */
  readonly secrets: readonly string[];
}

const ownPort = 11_434;

/**
 * Reads an address in the forms that Ollama itself takes: nothing, `host`, `:port`, `host:port`, `::1`, or all of a URL. What a server
 * listens to on all its interfaces (`0.0.0.0`) is asked on this machine's own.
 * @throws `OPTION_INVALID`, which does not repeat what may be a password.
 */
export function addressOf(given: string, option: string): Address {
  try {
    return read(
      given
        .trim()
        .replace(/^["']+|["']+$/g, "")
        .trim(),
    );
  } catch {
    // What is no text ends here, too.
    throw new OptionInvalidError(
      option,
      "an address like 127.0.0.1:11434, :11434, or https://host/path",
      shownOf(given),
    );
  }
}

function read(text: string): Address {
  const url = new URL(text.includes("://") ? text : `http://${withPort(text)}`);
  if (!/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") throw new TypeError("no address");
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  [url.username, url.password] = ["", ""];
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  const pair = Buffer.from(`${user}:${password}`).toString("base64");
  const isNamed = user !== "" || password !== "";
  return {
    url: url.href.replace(/\/+$/, ""),
    host: url.host,
    authorization: isNamed ? `Basic ${pair}` : undefined,
    secrets: isNamed ? [pair, password, encodeURIComponent(password)] : [],
  };
}

/** Without a scheme the port is Ollama's own, where none is said. */
function withPort(text: string): string {
  const address = isIPv6(text) ? `[${text}]` : text.startsWith(":") || text === "" ? `127.0.0.1${text}` : text;
  const [, authority = "", path = ""] = /^([^/]*)(.*)$/s.exec(address) ?? [];
  return /:\d+$/.test(authority) ? address : `${authority}:${ownPort}${path}`;
}
