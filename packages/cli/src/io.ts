import type { Readable, Writable } from "node:stream";

/** Where the command reads and writes. Data go to `out`, everything else to `err`. */
export interface Io {
  readonly out: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly err: Writable & { readonly isTTY?: boolean };
  readonly in: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Fires at Ctrl-C: what is under way comes to its end. */
  readonly stop: AbortSignal;
}

/** A question can be asked where somebody sees it and can answer. */
export const isInteractive = (io: Io): boolean => io.in.isTTY === true && io.err.isTTY === true;
