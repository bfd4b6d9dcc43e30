import type { EpochMs } from "../runtime/clock.ts";

/** What a living worker says of itself every few seconds. */
export interface WorkerBeat {
  readonly id: string;
  /** Host name and process id, for people. */
  readonly where: string;
  /** What it can process, with the newest payload version it knows, and the queue it takes it from. */
  readonly types: readonly { readonly type: string; readonly version: number; readonly queue?: string | undefined }[];
  /** Jobs it is running now. */
  readonly busy: number;
  readonly concurrency: number;
  readonly startedAt: EpochMs;
  /** Why it takes no jobs at the moment; absent while it does. */
  readonly problem?: string | undefined;
  /** When it last said so, by the store's clock once read back. */
  readonly seenAt: EpochMs;
}
