import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does with one request. */
export type Fault = (
  response: ServerResponse,
  request: { readonly path: string; readonly body: Record<string, unknown> },
) => void;

export interface FaultServer {
  readonly url: string;
  /** Requests so far: where, with what, and with which headers. */
  readonly asked: {
    readonly path: string;
    readonly body: Record<string, unknown>;
    readonly headers: IncomingMessage["headers"];
  }[];
  /** What is done from now on. */
  next(fault: Fault): void;
  stop(): Promise<void>;
}

/** A server on loopback that answers as it is told. */
export async function faultServer(): Promise<FaultServer> {
  let fault: Fault = (response) => response.end();
  const asked: FaultServer["asked"] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const body = JSON.parse(text === "" ? "{}" : text) as Record<string, unknown>;
      asked.push({ path: request.url ?? "", body, headers: request.headers });
      fault(response, { path: request.url ?? "", body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    next: (given) => {
      fault = given;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const answers =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Fault =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", "x-request-id": "req-1", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

/** Server-sent events; `undefined` breaks the connection off, and `"hang"` leaves it open. */
export const streams =
  (events: readonly (object | "[DONE]" | "hang" | undefined)[]): Fault =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "x-request-id": "req-1" });
    for (const event of events) {
      if (event === "hang") return;
      if (event === undefined) {
        // What was written before has to be on its way first.
        response.write("", () => setImmediate(() => response.destroy()));
        return;
      }
      response.write(`data: ${event === "[DONE]" ? event : JSON.stringify(event)}\n\n`);
    }
    response.end();
  };
