import type { GuardKey, JobId } from "@semel/core/adapter";

/** Ids begin with the key of their record, which need not be stored once more. Any other id keeps its whole text. */
export const shortId = (key: GuardKey, id: JobId): string =>
  id.startsWith(key) && id[key.length] === "." ? id.slice(key.length) : `=${id}`;

export const fullId = (key: GuardKey, stored: string): JobId =>
  stored.startsWith(".") ? key + stored : stored.slice(1);
