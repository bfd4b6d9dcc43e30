import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createSemel, type Duration, duration, type Semel, type SemelEvent } from "@semel/core";
import type { Backend } from "@semel/core/adapter";
import { notFound, usage } from "../complaint.ts";
import type { Io } from "../io.ts";
import type { SemelConfig } from "./config.ts";
import { findConfig } from "./config-file.ts";
import { loadPreset } from "./preset.ts";

/** What every command takes. */
export interface TargetOptions {
  readonly url?: string | undefined;
  readonly config?: string | undefined;
  readonly namespace?: string | undefined;
  readonly deadline?: string | undefined;
}

/** What a command works on. */
export interface Target {
  readonly semel: Semel;
  /** In words, without a password. */
  readonly place: string;
  readonly kind: "redis" | "embedded" | "own";
  /** What was said while it was opened and used. */
  readonly warnings: readonly string[];
}

/** `--url` or `--config`, then `SEMEL_URL`, then the nearest config file. Connects to nothing yet. */
export async function openTarget(io: Io, options: TargetOptions): Promise<Target> {
  const { backend, place, kind, config } = await backendOf(io, options);
  const warnings: string[] = [];
  const onEvent = (event: SemelEvent): void => {
    if (event.name === "backend.warning") warnings.push(event.text);
  };
  const semel = createSemel({
    ...backend,
    logger: false,
    hooks: [{ onEvent }],
    namespace: options.namespace ?? io.env.SEMEL_NAMESPACE ?? config.namespace,
    deadline: options.deadline === undefined ? config.deadline : asDuration("--deadline", options.deadline),
  });
  return { semel, place, kind, warnings };
}

interface Found {
  readonly backend: Backend;
  readonly place: string;
  readonly kind: Target["kind"];
  readonly config: SemelConfig;
}

async function backendOf(io: Io, { url, config: named }: TargetOptions): Promise<Found> {
  if (url !== undefined) return { ...(await fromUrl(url, io.cwd)), config: {} };
  const { SEMEL_URL } = io.env;
  if (SEMEL_URL && named === undefined) return { ...(await fromUrl(SEMEL_URL, io.cwd)), config: {} };
  const found = await findConfig(io.cwd, named);
  if (found) {
    const { path, config } = found;
    if (config.url !== undefined) return { ...(await fromUrl(config.url, dirname(path))), config };
    const backend = await config.backend?.();
    if (typeof backend?.queue?.add !== "function")
      throw usage(`${path}: backend: expected a backend such as redis(url), or { queue, store, deadLetters }`);
    return { backend, place: `the backend of ${path}`, kind: "own", config };
  }
  throw usage(
    "where are the jobs? Say --url redis://…, --url embedded:./folder, SEMEL_URL, or write a semel.config.ts",
  );
}

async function fromUrl(url: string, base: string): Promise<Omit<Found, "config">> {
  if (/^rediss?:\/\//.test(url)) {
    const { redis } = await loadPreset<{ redis(url: string): Backend }>("@semel/redis", base);
    return { backend: redis(url), place: withoutPassword(url), kind: "redis" };
  }
  const folder = /^embedded:(.+)$/.exec(url)?.[1] ?? (/^\.{0,2}\//.test(url) ? url : undefined);
  if (folder !== undefined) {
    const path = resolve(base, folder);
    // An application makes it; whoever looks must not leave an empty one where a name was mistyped.
    if (!existsSync(path)) throw notFound(`there is no directory ${path}`);
    const { embedded } = await loadPreset<{
      embedded(path: string, options: { waitForLock: Duration }): Backend;
    }>("@semel/embedded", base);
    return { backend: embedded(path, { waitForLock: "1s" }), place: `the directory ${path}`, kind: "embedded" };
  }
  if (/^postgres(ql)?:\/\//.test(url))
    throw usage("PostgreSQL needs a queue and a store that you put together: write a semel.config.ts with a backend");
  throw usage(
    `--url: expected redis://…, rediss://… or embedded:<folder>, got ${JSON.stringify(withoutPassword(url))}`,
  );
}

/** Up to the last `@`: a password may hold anything, also a slash that nobody has escaped. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^\s/:@]*):\S*@/g, "$1:…@");
}

/** @throws a complaint that names the option. */
export function asDuration(option: string, text: string): Duration {
  try {
    return duration(text);
  } catch {
    throw usage(`${option}: expected a time with a unit, like 30s, 5m, 2h or 7d, got ${JSON.stringify(text)}`);
  }
}
