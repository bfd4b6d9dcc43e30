/** What BullMQ keeps of a job, as JSON. Short names: there is one of these for every job. */
export interface StoredJob {
  /** The envelope. */
  readonly e?: string;
  /** The envelope as JSON, where the text itself would not survive. */
  readonly j?: string;
  /** Names the addition that made it: how `add` tells its own job from one that was there before. */
  readonly n?: string;
}

/** PostgreSQL's jsonb refuses NUL and lone surrogates even where JSON escapes them; escaped twice, they pass. */
export function pack(envelope: string, nonce: string): StoredJob {
  const passes = envelope.isWellFormed() && !envelope.includes("\0");
  return passes ? { e: envelope, n: nonce } : { j: JSON.stringify(envelope), n: nonce };
}

/**
 * Never throws: BullMQ would fail the job and remove it. A job somebody else put into the queue, or a damaged one, comes
 * out as the JSON it is: what it means is for the reader to judge.
 */
export function unpack(stored: unknown): string {
  const { e, j } = (stored ?? {}) as { readonly e?: unknown; readonly j?: unknown };
  const envelope = typeof j === "string" ? parsed(j) : e;
  return typeof envelope === "string" ? envelope : JSON.stringify(stored ?? null);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
