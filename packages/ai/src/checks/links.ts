import { allowed, type Check } from "./check.ts";

export interface LinksOptions {
  /** Hosts that answers may point to, with all below them: `["example.com"]`. */
  readonly hosts: readonly string[];
  /** What becomes of an answer with another: the link is taken out, or the answer blocked. Default: `"remove"`. */
  readonly action?: "remove" | "block" | undefined;
}

/** What stands in place of a link. */
const removed = "[link removed]";
/** An address with a scheme, or one that begins with `//` or `www.`; up to what cannot belong to it. */
const address = /(?:\b[a-z][a-z0-9+.-]{1,20}:\/\/|(?<![:\w])\/\/|\bwww\.)[^\s<>"'`)\]}]{1,2000}/gi;

/**
 * Lets no link through that leads elsewhere: a picture whose address holds what a document told the model to put there is
 * fetched by whoever looks at the answer (OWASP LLM01, exfiltration). Links of any form are looked at, within Markdown, HTML or
 * bare. Addresses without scheme, `//` or `www.` are no links here: nothing fetches them by itself.
 */
export function linksCheck({ hosts, action = "remove" }: LinksOptions): Check {
  const own = hosts.map((host) => host.toLowerCase());
  const isForeign = (found: string): boolean => {
    const host = hostOf(found);
    return host === undefined || !own.some((one) => host === one || host.endsWith(`.${one}`));
  };
  return {
    name: "links",
    onError: "block",
    look({ text }) {
      let isFound = false;
      const clean = text.replace(address, (found) => {
        if (!isForeign(found)) return found;
        isFound = true;
        return removed;
      });
      if (!isFound) return allowed;
      const rules = ["links/foreign-host"];
      return action === "block" ? { is: "block", rules } : { is: "transform", text: clean, rules };
    },
  };
}

/** As a browser reads it; `undefined` where it leads to no host. */
function hostOf(found: string): string | undefined {
  const text = found.startsWith("//") ? `https:${found}` : found.startsWith("www.") ? `https://${found}` : found;
  try {
    return new URL(text).hostname.replace(/\.$/, "").toLowerCase() || undefined;
  } catch {
    return undefined;
  }
}
