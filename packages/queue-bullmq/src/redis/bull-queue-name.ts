import { queueName } from "../lane-name.ts";

/** What the keys in Redis begin with, unless told otherwise. */
export const defaultPrefix = "semel";

/** Braces make all keys of a queue one slot of a Redis Cluster, which BullMQ's scripts need. */
export function inOneSlot(name: string): string {
  return `{${name}}`;
}

/**
 * The name of the BullMQ queue in Redis that holds this lane's jobs, for tools made for BullMQ:
 * `new Queue(bullQueueName(namespace, lane), { prefix: "semel", connection, skipMetasUpdate: true })`.
 *
 * @param namespace as given to `createSemel`
 * @param lane a type's name, or the `queue` that several types share
 */
export function bullQueueName(namespace: string, lane: string): string {
  return inOneSlot(queueName(namespace, lane));
}
