import { withoutSecrets } from "./failure.ts";
import type { RedisClient } from "./redis-client.ts";

export interface Watch {
  /** What went wrong last, since the connection stood last. */
  readonly lastError: Error | undefined;
}

export interface WatchOptions {
  readonly place: string;
  /** Whether somebody waits for the first connection, and is told if it fails. */
  readonly isAwaited: boolean;
  readonly isEnding: () => boolean;
  readonly onProblem: (text: string, error: unknown) => void;
}

/** A connection that stood for less did not end the outage. In milliseconds. */
const stableMs = 1_000;

/**
 * Listens to a client's errors, without which the first of them would end the process or be printed. Reports one of
 * each outage: further tries to connect fail the same way, once a second.
 */
export function watch(client: RedisClient, { place, isAwaited, isEnding, onProblem }: WatchOptions): Watch {
  let lastError: Error | undefined;
  let isQuiet = isAwaited;
  let hasStood = false;
  let standsSince: number | undefined;
  const report = (): void => {
    if (standsSince !== undefined && performance.now() - standsSince >= stableMs) isQuiet = false;
    standsSince = undefined;
    if (isQuiet || isEnding()) return;
    isQuiet = true;
    const what = hasStood ? `the connection to Redis at ${place} is lost` : `Redis at ${place} cannot be reached`;
    onProblem(`${what}${lastError === undefined ? "" : `: ${lastError.message}`}; trying again`, lastError);
  };
  const note = (thrown: unknown): Error => {
    const error = withoutSecrets(thrown);
    // That a connection is closed is told after, and in place of, what closed it.
    if (lastError === undefined || !error.message.includes("Connection is closed")) lastError = error;
    return lastError;
  };
  client.on("error", (error: unknown) => {
    note(error);
    report();
  });
  client.on("close", report);
  client.on("ready", () => {
    lastError = undefined;
    if (!hasStood) isQuiet = false;
    hasStood = true;
    const answered = (): void => {
      standsSince = performance.now();
    };
    // Some profiles are ready as soon as TCP is, and that may be a proxy with nobody behind it.
    const [server = client] = client.nodes?.("master") ?? [];
    server.call("ping").then(answered, () => undefined);
  });

  // One node of a Cluster may be out while the others are not.
  const out = new Set<string>();
  client.on("node error", (thrown: unknown, node: string) => {
    const error = note(thrown);
    if (out.has(node) || isEnding() || !hasStood) return;
    out.add(node);
    onProblem(`the node ${node} of ${place} is lost: ${error.message}; trying again`, error);
  });
  client.on("+node", (node: RedisClient) => {
    const { host, port } = node.options as { host?: string; port?: number };
    node.on("ready", () => out.delete(`${host}:${port}`));
  });
  return {
    get lastError() {
      return lastError;
    },
  };
}
