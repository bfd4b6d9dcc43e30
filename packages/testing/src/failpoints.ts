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
  "children:<group>:after-enqueue",
  "children:<group>:after-look",
  "children:<group>:after-record",
  "settle:before",
  "settle:after",
  "transaction:before-settle",
  "transaction:before-commit",
  "transaction:after-commit",
  "follow-ups:sent",
  "follow-ups:noted",
  "ack:before",
  "return:before",
  "cancel:after-record",
  "redrive:after-record",
  "redrive:after-add",
  "relay:before-add",
  "relay:after-add",
] as const;

/** The name of a point; `<step>` and `<group>` are the name of a step, or of a group of children. */
export type Failpoint = Named<(typeof failpoints)[number]>;
type Named<P extends string> = P extends `${infer Start}<${string}>${infer End}` ? `${Start}${string}${End}` : P;

/** Points of whoever enqueues, cancels, redrives or relays; all others are points of an attempt. */
const outside = /^(enqueue|cancel|redrive|relay):/;

export function isFailpoint(name: string): name is Failpoint {
  return failpoints.some((point) => {
    const [start = "", end] = point.split(/<\w+>/);
    if (end === undefined) return name === point;
    return name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length;
  });
}

export const isOfAttempt = (point: string): boolean => !outside.test(point);
