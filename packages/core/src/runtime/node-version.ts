import { SemelError } from "../errors/semel-error.ts";

/** The same as `engines` of the packages. */
const oldest: readonly [number, number] = [22, 12];

/**
 * An older Node lacks functions that are called much later, in the middle of an enqueue.
 * @throws `NODE_TOO_OLD`.
 */
export function checkNode(version: string | undefined): void {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  // Something that is no Node, and does not say that it is like one, is left to try.
  if (major === undefined) return;
  const isOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
  if (!isOld) return;
  throw new SemelError(
    "NODE_TOO_OLD",
    `Semel needs Node ${oldest.join(".")} or newer, and this is ${version}: update Node`,
    {
      details: { needed: oldest.join("."), found: version },
    },
  );
}
