import type { JobData } from "../broker.ts";

/** What is in the column `data` of a job. Short names: there is one of these for every job. */
interface Stored {
  /** The envelope. */
  readonly e?: unknown;
  /** The envelope as JSON, where the text itself would not survive. */
  readonly j?: unknown;
}

/** An envelope is a string within JSON: jsonb would put the keys of an object in an order of its own. */
export const jsonbData: JobData = {
  /** PostgreSQL's jsonb refuses NUL and lone surrogates even where JSON escapes them; escaped twice, they pass. */
  encode(envelope) {
    const passes = envelope.isWellFormed() && !envelope.includes("\0");
    return JSON.stringify(passes ? { e: envelope } : { j: JSON.stringify(envelope) });
  },

  decode(data) {
    const { e, j } = (parsed(data) ?? {}) as Stored;
    const envelope = typeof j === "string" ? parsed(j) : e;
    return typeof envelope === "string" ? envelope : data;
  },
};

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
