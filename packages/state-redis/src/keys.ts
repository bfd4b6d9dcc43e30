import type { GuardKey } from "@semel/core/adapter";

/*
 * Everything of one record is in one slot of a cluster, by the hash tag around its guard key; everything of a namespace
 * that belongs to no record is in another, by the tag around the namespace:
 *
 *   semel:prod:{k3y…}           the record                semel:{prod}:letters…    the index of dead letters
 *   semel:prod:{k3y…}:r :e :f   result, envelope,         semel:{prod}:workers     who is alive
 *                               follow-ups                semel:{prod}:format      version of all this
 *   semel:prod:{k3y…}:s         steps, by name
 *   semel:prod:{k3y…}:d         bodies of dead letters, by job id
 *
 * All begin with the prefix and the namespace in plain letters, so an ACL rule can be as narrow as one namespace:
 * `~semel:prod:* ~semel:{prod}:*`.
 */

/** What is kept beside a record; scripts append these to its key. */
export const beside = { result: ":r", envelope: ":e", followUps: ":f", steps: ":s", letters: ":d" } as const;

/** The names of one namespace's keys. */
export class Keys {
  readonly #records: string;
  readonly #shared: string;

  constructor(prefix: string, namespace: string) {
    this.#records = `${prefix}:${namespace}:`;
    this.#shared = `${prefix}:{${namespace}}:`;
  }

  record(key: GuardKey): string {
    return `${this.#records}{${key}}`;
  }

  /** Matches records, and nothing that is beside one. */
  get allRecords(): string {
    return `${this.#records.replaceAll(/[*?[\]\\]/g, "\\$&")}{*}`;
  }

  get format(): string {
    return `${this.#shared}format`;
  }

  get workers(): string {
    return `${this.#shared}workers`;
  }

  get letters(): string {
    return `${this.#shared}letters`;
  }

  channel(topic: string): string {
    return `${this.#records}${topic}`;
  }
}

/** The guard key in a record's name. */
export const keyIn = (record: string): GuardKey => record.slice(record.lastIndexOf("{") + 1, -1);
