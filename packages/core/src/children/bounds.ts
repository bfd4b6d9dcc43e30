/** Children of one group. More than this is a tree: children that have children. */
export const mostChildren = 10_000;
/** A result up to this size is kept in the log of the group; a larger one in a step of its own. Bytes. */
export const smallResultBytes = 1_024;
/** Results a group keeps. What is beyond is read from the child's own record, for as long as that is there. Bytes. */
export const keptResultsBytes: number = 64 * 1_048_576;
/** A page of a group's log, at most. Bytes. */
export const pageBytes = 131_072;
/** Failed children that an error and a letter name. */
export const namedFailures = 20;

const soonestLookMs = 1_000;
const latestLookMs = 30_000;

/**
 * When a parent that has waited this long looks again: after a tenth of that, from 1 s to 30 s. So what depends on looking
 * alone is late by a tenth at most, and a parent that waits a day looks some three thousand times.
 */
export const nextLookMs = (waitedMs: number): number =>
  Math.min(latestLookMs, Math.max(soonestLookMs, Math.ceil(waitedMs / 10)));
