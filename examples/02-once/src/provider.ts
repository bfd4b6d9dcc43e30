import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One call, as the provider's books have it. */
export interface Call {
  readonly key: string;
  readonly charged: boolean;
}

/**
 * Stands for a paid service, in a process that survives the workers. It writes every call into its ledger, a file that
 * Semel knows nothing of and in which nothing is unique, and then takes its time to answer.
 */
export class Provider {
  readonly #ledger: string;
  readonly #honoursKeys: boolean;
  readonly #firstCall = Promise.withResolvers<void>();
  readonly #server: Server;
  /** The first answer never leaves the house: whoever waits for it is about to die. */
  #holdsBack = true;

  /** @param honoursKeys whether it charges the same key once, as good providers do */
  constructor(ledger: string, honoursKeys: boolean) {
    this.#ledger = ledger;
    this.#honoursKeys = honoursKeys;
    this.#server = createServer((request, response) => {
      const key = String(request.headers["idempotency-key"]);
      const charged = !(this.#honoursKeys && this.calls.some((call) => call.key === key));
      appendFileSync(this.#ledger, `${JSON.stringify({ key, charged } satisfies Call)}\n`);
      this.#firstCall.resolve();
      if (this.#holdsBack) this.#holdsBack = false;
      else response.end("Of arms and a man.");
    });
  }

  /** The ledger. */
  get calls(): readonly Call[] {
    if (!existsSync(this.#ledger)) return [];
    const lines = readFileSync(this.#ledger, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Call);
  }

  /** Resolves when the first call has been charged. */
  get firstCall(): Promise<void> {
    return this.#firstCall.promise;
  }

  /** @returns where it listens */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
