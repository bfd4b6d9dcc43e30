import type { JobData } from "../broker.ts";

/** What an envelope begins with that is wrapped up. One that begins so by itself is wrapped as well. */
const mark = '{"~":';

/**
 * An envelope stands as it is, since Redis keeps bytes: shorter than as a string within JSON, and readable for tools that
 * show BullMQ's jobs. Those read every job's data as JSON, so what is clearly none is wrapped up; and so is a text with half
 * of a surrogate pair, which UTF-8 does not have.
 */
export const textData: JobData = {
  encode(envelope) {
    const stands = envelope.startsWith("{") && envelope.endsWith("}") && !envelope.startsWith(mark);
    return stands && envelope.isWellFormed() ? envelope : `${mark}${JSON.stringify(envelope)}}`;
  },

  decode(data) {
    if (!data.startsWith(mark)) return data;
    try {
      const { "~": envelope } = JSON.parse(data) as { readonly "~"?: unknown };
      return typeof envelope === "string" ? envelope : data;
    } catch {
      return data;
    }
  },
};
