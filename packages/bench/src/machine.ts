import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** Where and with what the figures came about. */
export interface Circumstances {
  readonly at: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  /** Load averages of the last 1, 5 and 15 minutes, taken before anything was measured. */
  readonly loadBefore: readonly number[];
  readonly node: string;
  /** The commit of this repository; `+` when files differ from it. */
  readonly commit: string | undefined;
  readonly versions: Readonly<Record<string, string | undefined>>;
}

const packages: readonly string[] = [
  "@semel/core",
  "@semel/redis",
  "@semel/queue-bullmq",
  "bullmq",
  "ioredis",
  "@platformatic/job-queue",
  "p-queue",
  "fastq",
  "pg-boss",
  "zod",
];

export function circumstances(): Circumstances {
  return {
    at: new Date().toISOString(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg().map((load) => Math.round(load * 100) / 100),
    node: process.version,
    commit: commit(),
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

function versionOf(name: string): string | undefined {
  try {
    const manifest = findPackageJSON(name, import.meta.url);
    return manifest && (JSON.parse(readFileSync(manifest, "utf8")) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

/** A copy without its history has none. */
function commit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return undefined;
  }
}
