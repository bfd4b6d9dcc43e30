import type { Envelope } from "../job/envelope.ts";
import { digest, type JobId, jobId } from "../job/identity.ts";

/**
 * The id under which an ended job comes back. It is derived from the old one, not drawn: whoever tries again after an
 * error, or at the same time as somebody else, brings the same job back and not a second one.
 */
export const successorOf = (envelope: Pick<Envelope, "id" | "key">): JobId =>
  jobId(envelope.key, digest(`${envelope.id}/again`));
