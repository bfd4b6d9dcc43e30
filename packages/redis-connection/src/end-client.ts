import type { RedisClient } from "./redis-client.ts";
import { within } from "./within.ts";

const quitMs = 1_000;
const disconnectMs = 1_000;

/** Ends a client whatever state it is in: politely where somebody answers within a second, else by cutting. */
export async function endClient(client: RedisClient): Promise<void> {
  if (client.status === "ready") await within(quitMs, client.quit(), "no answer to QUIT").catch(() => undefined);
  if (client.status === "end") return;
  const ended = new Promise<void>((resolve) => {
    client.on("end", resolve);
  });
  // Between two tries to connect there is nothing to cut, and nothing that would tell the client that it has ended.
  const isBetweenTries = client.status === "reconnecting";
  client.disconnect();
  if (isBetweenTries) finish(client);
  await within(disconnectMs, ended, "still not closed").catch(() => finish(client));
}

/** Rejects what still waits for a connection, and what may come. Both methods are in every version, for inner use. */
function finish(client: RedisClient & Partial<Inner>): void {
  client.setStatus?.("end");
  client.flushQueue?.(new Error("Connection is closed."));
}

interface Inner {
  setStatus(status: string): void;
  flushQueue(error: Error): void;
}
