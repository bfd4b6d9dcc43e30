/** Replies by which Redis says that it has not begun to do what it was asked. */
const notBegun = [
  "OOM", // its memory is full
  "READONLY", // a replica
  "MISCONF", // it cannot write to its disk
  "NOREPLICAS",
  "NOAUTH",
  "WRONGPASS",
  "LOADING",
  "BUSY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "MOVED",
  "ASK",
];

/** At the beginning; or where Redis 6 names the script that a command stood in, and the command's own error after it. */
const startsWith = (codes: readonly string[]): RegExp =>
  new RegExp(`(^|^ERR Error running script.* -)(${codes.join("|")})\\b`);
const refused = startsWith(notBegun);
/** A command may not be run, or finds something else under its key: by itself, or within a script that has begun. */
const forbidden = startsWith(["NOPERM", "WRONGTYPE", "ERR The user executing the script can't"]);

/** ioredis rejects so what it never sent, having no connection and being told not to wait for one. */
const neverSent = /^(Stream isn't writeable|Cluster isn't ready) and enableOfflineQueue options is false$/;

/**
 * Whether this error says that Redis certainly did not do what it was asked. A connection that broke while a command was
 * under way says nothing of the kind.
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return [refused, forbidden, neverSent].some((pattern) => pattern.test(error.message));
}

/** Whether a script may have been stopped half way: what it did before that stays done. */
export function mayBeHalfDone(error: unknown): boolean {
  return isReply(error) && !refused.test(error.message);
}

/** Whether a server said so, rather than that the connection broke. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}
