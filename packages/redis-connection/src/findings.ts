import type { ServerFacts } from "./server-facts.ts";

export interface Finding {
  readonly kind: "refusal" | "warning";
  /** What was found and what to do. */
  readonly text: string;
}

export interface Circumstances {
  /** Whether the client is one for a Cluster. */
  readonly isCluster: boolean;
  readonly isProduction: boolean;
  readonly allowNoPersistence: boolean;
}

/** What is wrong with a server, or odd about it. */
export function findingsOf(facts: ServerFacts, circumstances: Circumstances): readonly Finding[] {
  if (facts.mode === "sentinel") {
    return [refusal("This is a Sentinel and keeps no data: give { sentinels: [{ host, port }], name }.")];
  }
  return [
    ...ofVersion(facts),
    ...ofRole(facts, circumstances),
    ...ofMemory(facts),
    ...ofPersistence(facts, circumstances),
  ];
}

function ofVersion({ version }: ServerFacts): readonly Finding[] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (major === undefined) return [warning("The version of the server is unknown; Redis 6.2 or newer is needed.")];
  const isOld = Number(major) < 6 || (Number(major) === 6 && Number(minor) < 2);
  return isOld ? [refusal(`It is version ${version}: Redis 6.2 or newer is needed.`)] : [];
}

function ofRole({ mode, isReplica }: ServerFacts, { isCluster }: Circumstances): readonly Finding[] {
  const findings: Finding[] = [];
  if (mode === "cluster" && !isCluster) {
    findings.push(refusal("It is a node of a Cluster: give { cluster: [{ host, port }] } with some of its nodes."));
  }
  if (isReplica) {
    findings.push(refusal("It is a replica, which takes no writes or loses them: give the primary, or its Sentinels."));
  }
  return findings;
}

function ofMemory({ policy, maxMemory }: ServerFacts): readonly Finding[] {
  const advice = "Set maxmemory-policy to noeviction.";
  if (policy === undefined) {
    return [warning(`Its maxmemory-policy is unknown: any but noeviction can delete jobs. ${advice}`)];
  }
  if (policy === "noeviction") return [];
  if (maxMemory === 0) {
    return [warning(`Its maxmemory-policy is ${policy}: once maxmemory is set, jobs could be deleted. ${advice}`)];
  }
  const limit = maxMemory === undefined ? "" : ` at ${maxMemory} bytes`;
  return [refusal(`Its maxmemory-policy is ${policy}: when memory is full${limit}, it deletes jobs. ${advice}`)];
}

function ofPersistence(
  { hasLog, hasSnapshots }: ServerFacts,
  { isProduction, allowNoPersistence }: Circumstances,
): readonly Finding[] {
  const advice = "Set appendonly to yes.";
  if (hasLog === true) return [];
  if (hasSnapshots === true) {
    return [
      warning(`It keeps snapshots only (RDB): a crash of it loses what was confirmed since the last one. ${advice}`),
    ];
  }
  if (hasLog === undefined || hasSnapshots === undefined) {
    return [
      warning(
        `Whether it keeps anything on disk is unknown: with no persistence, its restart loses all jobs. ${advice}`,
      ),
    ];
  }
  const text = `It keeps nothing on disk: its restart loses all jobs. ${advice}`;
  if (!isProduction || allowNoPersistence) return [warning(text)];
  return [refusal(`${text} Or say allowNoPersistence: true, if that may happen.`)];
}

const refusal = (text: string): Finding => ({ kind: "refusal", text });
const warning = (text: string): Finding => ({ kind: "warning", text });
