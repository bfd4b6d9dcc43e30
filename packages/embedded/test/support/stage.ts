import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Addition, type Backend, type Host, systemClock } from "@semel/core/adapter";
import { afterAll, onTestFinished } from "vitest";
import { type EmbeddedOptions, embedded } from "../../src/index.ts";

/** A path that nothing has been created at. Its parent goes when the test ends. */
export function freshPath(): string {
  const parent = mkdtempSync(join(tmpdir(), "semel-embedded-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "data");
}

let template: Promise<string> | undefined;
const parents: string[] = [];
afterAll(() => {
  for (const parent of parents) rmSync(parent, { recursive: true, force: true });
});

/** A directory that was used before. The first start in one takes seconds: it happens once, all others get a copy. */
export async function prepared(): Promise<string> {
  template ??= makeTemplate();
  const path = freshPath();
  cpSync(await template, path, { recursive: true });
  return path;
}

async function makeTemplate(): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), "semel-embedded-"));
  parents.push(parent);
  const path = join(parent, "data");
  const backend = embedded(path);
  await backend.queue.start(host);
  await backend.store.start(host);
  await dispose(backend);
  return path;
}

/** How much of what is left to chance: `SEMEL_TEST_ROUNDS=10` for ten times as much as on every run. */
export const rounds = (usual: number): number => usual * Number(process.env.SEMEL_TEST_ROUNDS ?? 1);

export const host: Host = { namespace: "test", clock: systemClock, report: () => undefined };

/** Queue and store of a directory, started, and disposed of when the test ends. */
export async function start(directory: string, options?: EmbeddedOptions): Promise<Backend> {
  const backend = embedded(directory, options);
  onTestFinished(() => dispose(backend));
  await backend.queue.start(host);
  await backend.store.start(host);
  return backend;
}

export async function dispose({ queue, store }: Backend): Promise<void> {
  await queue[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
}

export function job(id: string, over: Partial<Addition> = {}): Addition {
  return {
    id: `Jx3vQ9-_0aZbYcXdWeVfUgThSiRjQkPl.${id}`,
    lane: "mail.send",
    type: "mail.send",
    envelope: `{"id":"${id}"}`,
    delayMs: 0,
    ...over,
  };
}
