import type { Exchange } from "@semel/ai/provider";
import { Ollama } from "ollama";
import { checkedFetch, type Form } from "./checked-fetch.ts";

/** How a server is reached. */
export interface Connection {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Looked up for each call where it is not the user's. */
  readonly fetch: typeof globalThis.fetch | undefined;
}

/**
 * A client for one call. One that is shared ends all of its streams where it is to end one, and writes into the headers it was given.
 */
export const clientFor = ({ url, headers, fetch }: Connection, exchange: Exchange, form: Form): Ollama =>
  new Ollama({
    host: url,
    headers: { ...headers },
    fetch: checkedFetch(fetch ?? globalThis.fetch, exchange, form) as typeof globalThis.fetch,
  });
