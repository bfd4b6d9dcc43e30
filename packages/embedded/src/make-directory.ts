import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Level by level: Node's own recursion never returns where a parent cannot have children, in `/proc` for example. */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
