import { createHash } from "node:crypto";
import { withoutArguments } from "./failure.ts";
import type { RedisClient } from "./redis-client.ts";

/** A Lua script and the name Redis knows it by. */
export interface Script {
  readonly text: string;
  /** SHA-1 of the text, hexadecimal. */
  readonly sha1: string;
}

/** Names a Lua script, once, when a module is loaded. */
export function script(text: string): Script {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

/**
 * Runs a script by its name, and by its text where the server does not know the name: after a restart, a failover or
 * `SCRIPT FLUSH`. A server that does not know it has run nothing, so the second try repeats nothing.
 *
 * @param keys in a Cluster all of one slot.
 * @returns what the script returns, in the shapes of RESP2.
 * @throws what the client rejects with; then it is unknown whether the script has run.
 */
export async function runScript(
  client: Pick<RedisClient, "call">,
  { text, sha1 }: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    // In small letters: older versions of ioredis find the keys, and so the Cluster's node, only then.
    return await client.call("evalsha", sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw withoutArguments(error);
  }
  try {
    return await client.call("eval", text, keys.length, ...keys, ...args);
  } catch (error) {
    throw withoutArguments(error);
  }
}
