import { resolve } from "node:path";
import { type Duration, OptionInvalidError } from "@semel/core";
import { type Backend, knownOnly, toMs } from "@semel/core/adapter";
import { bullmqQueue } from "@semel/queue-bullmq";
import { postgresStore } from "@semel/state-postgres";
import { acquireDatabase, type DatabaseHold } from "./shared-database.ts";

/** A new directory's database takes seconds to make, on a busy machine many. */
const firstStartMs = 60_000;

export interface EmbeddedOptions {
  /** How long `start` waits for another process to let go of the directory. Default: `"5s"`. */
  readonly waitForLock?: Duration | undefined;
}

/**
 * Queue and store on one PGlite – a PostgreSQL inside this process – whose files are in `directory`: nothing to install
 * or to run. Made for development, tests and programs of a single process.
 *
 * Synchronous and lazy: nothing is created or locked before the first start. Both adapters, and every `embedded()` of
 * the same directory in this process, share one database; the last to be disposed of closes it.
 *
 * @param directory created if it is absent
 * @throws `OPTION_INVALID` here for options that cannot work. `start` throws `OPTION_INVALID` for a path that is no
 * directory, `BACKEND_UNSAFE` for one that cannot be written to or holds something else, and `DIRECTORY_LOCKED` while
 * another process uses it.
 */
export function embedded(directory: string, options: EmbeddedOptions = {}): Backend {
  if (typeof directory !== "string" || directory === "") throw new OptionInvalidError("directory", "a path", directory);
  knownOnly(options, ["waitForLock"], "embedded");
  // Resolved now: the program may change its working directory before it starts.
  const path = resolve(directory);
  const waitMs = toMs(options.waitForLock ?? "5s", "embedded.waitForLock");

  /** Each adapter lets go of the database by itself, in whatever order they are disposed of. */
  const share = () => {
    let hold: DatabaseHold | undefined;
    return {
      open: async () => {
        hold = await acquireDatabase(path, waitMs);
        return hold.db;
      },
      close: async () => hold?.release(),
    };
  };
  const [ofQueue, ofStore] = [share(), share()];
  const warnings = process.env.NODE_ENV === "production" ? [inProduction(path)] : [];
  const queue = bullmqQueue({ postgres: ofQueue.open, close: ofQueue.close, warnings });
  const store = postgresStore({ client: ofStore.open, close: ofStore.close });
  return { queue, store, deadLetters: store, startDeadlineMs: waitMs + firstStartMs };
}

function inProduction(path: string): string {
  return (
    `embedded(${JSON.stringify(path)}) runs in production. It is made for development, tests and programs of a single ` +
    "process: one process at a time can use the directory, there is no second copy of the data and nobody takes over " +
    "when this process or machine fails. For anything else use a preset on a server."
  );
}
