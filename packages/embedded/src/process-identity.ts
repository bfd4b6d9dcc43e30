import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Tells one process from all others, also from a later one that got the same pid. Where the system does not say
 * (anything but Linux), `startedAt` and what follows it are absent and the pid alone has to do.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Clock ticks since boot. */
  readonly startedAt?: string | undefined;
  /** Names the boot of the machine. */
  readonly boot?: string | undefined;
  /** Names what the pid counts in: containers on one machine have pids of their own. */
  readonly namespace?: string | undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Field 22 of `/proc/<pid>/stat`. The second field, the program's name, may itself hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie is dead; nobody has collected it yet.
  return fields?.[0] === "Z" || fields?.[0] === "X" ? "dead" : fields?.[19];
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    host: hostname(),
    startedAt: startOf(process.pid),
    boot: read("/proc/sys/kernel/random/boot_id"),
    namespace: link("/proc/self/ns/pid"),
  };
}

/**
 * What can be known of that process from here. `"unsure"` is one in another container or on another machine; and what
 * looks like one, after a restart: a container that comes back has the same host name, and pids of its own.
 */
export function fateOf(other: ProcessIdentity, own: ProcessIdentity): "alive" | "gone" | "unsure" {
  if (other.host !== own.host || other.boot !== own.boot || other.namespace !== own.namespace) return "unsure";
  if (other.startedAt !== undefined && own.startedAt !== undefined)
    return startOf(other.pid) === other.startedAt ? "alive" : "gone";
  try {
    process.kill(other.pid, 0);
    return "alive";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? "gone" : "alive";
  }
}
