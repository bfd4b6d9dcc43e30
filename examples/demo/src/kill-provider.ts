import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Ledger } from "./ledger.ts";
import { lexicalEmbedding } from "./lexical-embedding.ts";

/** A call as the provider saw it. */
export interface ReceivedCall {
  readonly key: string;
  readonly charged: boolean;
}

/**
 * A fake paid provider in a process that survives the worker: HTTP on this machine's loopback. It charges a key once and
 * answers it as often as it is asked; but its first answer never leaves the house.
 */
export class KillProvider {
  readonly calls: ReceivedCall[] = [];
  readonly #first = Promise.withResolvers<void>();
  readonly #ledger: Ledger;
  readonly #received: (call: ReceivedCall) => void;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  /** @param received is called when a call has been charged, before it is answered */
  constructor(ledger: Ledger, received: (call: ReceivedCall) => void) {
    this.#ledger = ledger;
    this.#received = received;
  }

  /** Resolves when the first call has been charged. */
  get firstCall(): Promise<void> {
    return this.#first.promise;
  }

  /** @returns where it listens */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const piece of request) body += piece;
    const { order, text } = JSON.parse(body) as { order: string; text: string };
    const key = String(request.headers["idempotency-key"] ?? "");
    const charged = !this.calls.some((call) => call.key === key);
    this.#ledger.append({ at: new Date().toISOString(), pid: process.pid, key, chunk: order, charged });
    const call = { key, charged };
    this.calls.push(call);
    this.#received(call);
    this.#first.resolve();
    if (this.calls.length === 1) return;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify([...lexicalEmbedding(text)]));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
