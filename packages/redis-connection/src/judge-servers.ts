import { SemelError } from "@semel/core";
import { loadingTimeoutMs } from "./connect-client.ts";
import { unreachable, withoutSecrets } from "./failure.ts";
import { type Finding, findingsOf } from "./findings.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Judgement } from "./redis-connection.ts";
import { ask, readServer } from "./server-facts.ts";
import { pause } from "./within.ts";

/**
 * Looks at a server, or at every primary of a Cluster.
 *
 * @throws `BACKEND_UNSAFE` with everything that must not be as it is, and what to do; `STORE_UNAVAILABLE` when a server
 * does not answer or takes more than 30 s to read its files.
 */
export async function judgeServers(
  client: RedisClient,
  place: string,
  allowNoPersistence: boolean,
): Promise<Judgement> {
  const servers = client.nodes?.("master") ?? [client];
  const isProduction = process.env.NODE_ENV === "production";
  try {
    const all = await Promise.all(
      servers.map(async (server) => {
        const facts = await loaded(server);
        const isCluster = client.nodes !== undefined;
        return { facts, findings: findingsOf(facts, { isCluster, isProduction, allowNoPersistence }) };
      }),
    );
    const [first] = all;
    if (first === undefined) throw new Error("the Cluster knows of no primary");
    const findings = all.flatMap((each) => each.findings);
    const refusals = texts(findings, "refusal");
    if (refusals.length > 0) {
      throw new SemelError("BACKEND_UNSAFE", `Redis at ${place} must not be used as it is: ${refusals.join(" ")}`, {
        details: { refusals },
      });
    }
    const [seconds, microseconds] = (await ask(client, "time")) as [string, string];
    const now = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    const warnings = texts(findings, "warning").map((text) => `Redis at ${place}: ${text}`);
    return { warnings, version: first.facts.version ?? "unknown", now };
  } catch (error) {
    if (SemelError.isInstance(error)) throw error;
    throw unreachable(place, withoutSecrets(error));
  }
}

async function loaded(server: RedisClient): ReturnType<typeof readServer> {
  const until = performance.now() + loadingTimeoutMs;
  for (;;) {
    const facts = await readServer(server);
    if (!facts.isLoading) return facts;
    if (performance.now() > until) throw new Error("it is still loading its data");
    await pause(200);
  }
}

/** What several primaries have in common is said once. */
const texts = (findings: readonly Finding[], kind: Finding["kind"]): readonly string[] => [
  ...new Set(findings.filter((each) => each.kind === kind).map((each) => each.text)),
];
