import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createSemel, digest, SemelError } from "@semel/core";
import { embedded } from "@semel/embedded";
import type { Arguments } from "./arguments.ts";
import { type BackendPlace, clear, connect, openSemel, redisAddress } from "./backend.ts";
import { DemoError } from "./demo-error.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** What is indexed, and where what is known about it is kept. */
export interface Place {
  /** Real path of the folder. */
  readonly folder: string;
  readonly isRepository: boolean;
  /** Part of every document's id: two folders may hold the same paths. */
  readonly hash: string;
  /** Where all state is, of this folder and others. */
  readonly data: string;
  /** Of this folder alone. */
  readonly state: string;
  readonly queue: string;
  readonly ledger: string;
  /** The URL of the Redis that has queue and records; `undefined`: the folder `queue` has them. */
  readonly redis: string | undefined;
}

/**
 * @param space of the vectors that are kept there.
 * @throws {DemoError} `FOLDER_NOT_FOUND`, `NOT_A_FOLDER`, `FOLDER_UNREADABLE`, `ARGUMENT_INVALID`
 */
export function placeOf(
  { folder: given, data, redis }: Pick<Arguments, "folder" | "data" | "redis">,
  space = "lexical",
): Place {
  const folder = realFolder(given ?? repository);
  const hash = digest(folder).slice(0, 10);
  const dataFolder = dataPath(data);
  const name = basename(folder)
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, 24);
  // What was paid for is written down beside what knows it: another Redis knows nothing of it.
  const server = redis === undefined ? "" : `-redis-${digest(redisAddress(redis)).slice(0, 10)}`;
  // Vectors of two spaces never meet in one index.
  const model =
    space === "lexical" ? "" : `-${space.replace(/[^A-Za-z0-9.]+/g, "-").slice(-30)}-${digest(space).slice(0, 10)}`;
  const state = join(dataFolder, `${name}-${hash}${server}${model}`);
  const isRepository = given === undefined;
  const ledger = join(state, "effects.jsonl");
  return { folder, isRepository, hash, data: dataFolder, state, queue: join(state, "queue"), ledger, redis };
}

/**
 * Where queue and records of a place are. On a Redis they are found by a namespace, which is made up here and kept in the
 * state folder: two folders never meet there, nor do two machines.
 */
export function backendPlaceOf({ state, queue, redis: url }: Place): BackendPlace {
  if (url === undefined) return { kind: "embedded", directory: queue };
  const path = namespacePath(state);
  if (!existsSync(path)) writeFileSync(path, newNamespace());
  return { kind: "redis", url, namespace: readFileSync(path, "utf8") };
}

const namespacePath = (state: string): string => join(state, "namespace");

export const newNamespace = (): string => randomBytes(9).toString("hex");

export const dataPath = (data: string | undefined): string => resolve(data ?? join(repository, ".semel", "demo"));

function realFolder(given: string): string {
  try {
    const real = realpathSync(given);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new DemoError("FOLDER_NOT_FOUND", `there is no folder ${given}`);
    if (code !== "ENOTDIR") throw new DemoError("FOLDER_UNREADABLE", `${given} cannot be read (${code})`);
  }
  throw new DemoError("NOT_A_FOLDER", `${given} is not a folder`);
}

/** @throws {DemoError} `STATE_UNUSABLE` */
export function makeFolder(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DemoError("STATE_UNUSABLE", `${path} cannot be made a folder (${code}); --data names another`);
  }
}

/** Not `recursive: true`: where a parent exists and nothing can be made in it, as below /proc, Node tries forever. */
function makeWithParents(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (!existsSync(dirname(path))) makeWithParents(dirname(path));
  mkdirSync(path);
}

/** Forgets a folder, unless another process is at work on it. @throws `DIRECTORY_LOCKED` */
export async function forget(place: Place): Promise<void> {
  const { state, queue } = place;
  const where = existsSync(state) ? backendPlaceOf(place) : undefined;
  if (where?.kind === "redis") {
    const semel = openSemel(where, [], "60s");
    await connect(semel, where).finally(() => semel.close());
    await clear(where.url, where.namespace);
  } else if (existsSync(queue)) {
    const semel = createSemel({ ...embedded(queue, { waitForLock: "1s" }), logger: false, deadline: "60s" });
    try {
      await semel.ready();
    } catch (error) {
      if (SemelError.isInstance(error) && error.code === "DIRECTORY_LOCKED") throw error;
      // Any other trouble with the state is a good reason to forget it.
    } finally {
      await semel.close();
    }
  }
  rmSync(state, { recursive: true, force: true });
  if (where?.kind !== "redis") return;
  // The name was told before this, and is free again.
  makeFolder(state);
  writeFileSync(namespacePath(state), where.namespace);
}
