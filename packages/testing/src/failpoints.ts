/**
 * Every point between two writes at which a death can be played, in the order in which a job may come by them.
 * `docs/lifecycle.md` says what is on record at each and what happens next; a test holds the two together.
 */
export const failpoints = [
  "enqueue:after-reserve",
  "enqueue:after-unreserve",
  "enqueue:after-add",
  "claim:after",
  "once:<step>:before-effect",
  "once:<step>:after-effect",
  "once:<step>:after-record",
  "settle:before",
  "settle:after",
  "follow-ups:sent",
  "follow-ups:noted",
  "ack:before",
  "return:before",
  "cancel:after-record",
  "redrive:after-record",
  "redrive:after-add",
] as const;

/** The name of a point; `<step>` is the name of a step. */
export type Failpoint = Named<(typeof failpoints)[number]>;
type Named<P extends string> = P extends `${infer Start}<step>${infer End}` ? `${Start}${string}${End}` : P;

/** Points of whoever enqueues, cancels or redrives; all others are points of an attempt. */
const outside = /^(enqueue|cancel|redrive):/;

export function isFailpoint(name: string): name is Failpoint {
  return failpoints.some((point) => {
    const [start = "", end] = point.split("<step>");
    if (end === undefined) return name === point;
    return name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length;
  });
}

export const isOfAttempt = (point: string): boolean => !outside.test(point);
