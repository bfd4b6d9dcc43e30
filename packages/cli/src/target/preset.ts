import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { usage } from "../complaint.ts";

/** The user's own copy, found from their project; else the one beside this command. */
export async function loadPreset<T>(name: "@semel/redis" | "@semel/embedded", from: string): Promise<T> {
  const own = resolved(name, from);
  try {
    return (await import(own ?? name)) as T;
  } catch (error) {
    const missing = /Cannot find (?:package|module) '([^']+)'/.exec(error instanceof Error ? error.message : "")?.[1];
    const needed = name === "@semel/redis" ? `${name} ioredis` : name;
    throw usage(
      `${missing ?? name} is not installed here: run \`npm install ${needed}\` in the project this command is for`,
    );
  }
}

function resolved(name: string, from: string): string | undefined {
  try {
    return pathToFileURL(createRequire(join(from, "semel.cjs")).resolve(name)).href;
  } catch {
    return undefined;
  }
}
