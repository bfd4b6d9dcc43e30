import { SemelError } from "@semel/core";
import { knownOnly } from "@semel/core/adapter";
import type { SqlClient } from "./sql-client.ts";

interface Common {
  /**
   * The schema that holds the store's tables; `start` creates it. Letters, digits and `_`, at most 63.
   * Default: `"semel"`.
   */
  readonly schema?: string | undefined;
  /** The largest result or step value, in bytes. Default: 262,144. */
  readonly maxValueBytes?: number | undefined;
  /**
   * What `features.durable` says. Default: `true`. Say `false` for a PGlite that lives in memory only: nothing that
   * could be asked of it tells it from one on disk.
   */
  readonly durable?: boolean | undefined;
}

/** A client of yours. It stays open when the store is disposed of, unless you hand over `close` as well. */
export interface WithClient<Client extends SqlClient = SqlClient> extends Common {
  /**
   * The client itself, or a function that makes it when it is first needed. A function that rejects is asked again at
   * the next call.
   */
  readonly client: Client | (() => Client | Promise<Client>);
  /** Called once when the store is disposed of, with the client, if there ever was one. */
  readonly close?: ((client: Client) => void | Promise<void>) | undefined;
  readonly url?: undefined;
}

/** An address. The store opens a pool of its own, with the package `pg` that has to be installed beside it. */
export interface WithUrl extends Common {
  /** `postgres://user:password@host:5432/database` */
  readonly url: string;
  /** Connections at most. Default: 10. */
  readonly connections?: number | undefined;
  readonly client?: undefined;
}

export type PostgresStoreOptions<Client extends SqlClient = SqlClient> = WithClient<Client> | WithUrl;

const knownOptions: readonly (keyof WithClient | keyof WithUrl)[] = [
  "client",
  "close",
  "url",
  "connections",
  "schema",
  "maxValueBytes",
  "durable",
];
const name = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** @throws `OPTION_INVALID` for options that cannot work, before anything is connected. */
export function checkOptions(options: PostgresStoreOptions): void {
  knownOnly(options, knownOptions, "postgresStore");
  const { schema, maxValueBytes, url, client } = options;
  if ((client === undefined) === (url === undefined))
    throw invalid("client", "either a client or a url", { client, url });
  if (url !== undefined && typeof url !== "string") throw invalid("url", "a text", url);
  // It becomes part of every statement, so nothing that would need escaping is let in.
  if (schema !== undefined && !name.test(schema)) throw invalid("schema", "1 to 63 letters, digits or _", schema);
  if (maxValueBytes !== undefined && !(Number.isSafeInteger(maxValueBytes) && maxValueBytes > 0)) {
    throw invalid("maxValueBytes", "a whole number of bytes above 0", maxValueBytes);
  }
}

function invalid(option: string, expected: string, got: unknown): SemelError {
  // An address holds a password, and a client holds everything: neither belongs into an error.
  const shown = typeof got === "object" || option === "url" ? typeof got : JSON.stringify(got);
  return new SemelError("OPTION_INVALID", `${option}: expected ${expected}, got ${shown}`, {
    details: { option, expected },
  });
}
