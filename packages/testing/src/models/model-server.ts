import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What came in. */
export interface ModelServerRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed, where it was JSON. */
  readonly body: unknown;
  /** Resolves when the client has closed the connection of this request. */
  readonly left: Promise<void>;
}

/** How the server behaves towards one request. */
export type Reply = (response: ServerResponse, request: ModelServerRequest) => void;

/** A server on loopback that answers as a test says, so that clients of providers meet real HTTP. */
export class ModelServer implements AsyncDisposable {
  readonly requests: ModelServerRequest[] = [];
  #reply: Reply = status(500, {});
  #arrived = Promise.withResolvers<ModelServerRequest>();
  readonly #server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    const left = new Promise<void>((resolve) => response.once("close", resolve));
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const request = {
      path: incoming.url ?? "",
      headers: incoming.headers,
      body: jsonOf(Buffer.concat(chunks).toString()),
      left,
    };
    this.requests.push(request);
    this.#reply(response, request);
    this.#arrived.resolve(request);
    this.#arrived = Promise.withResolvers();
  });

  static async start(): Promise<ModelServer> {
    const server = new ModelServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next request to come, once the server has done with it what it was told. */
  get arrival(): Promise<ModelServerRequest> {
    return this.#arrived.promise;
  }

  /** From now on, and without what came before. */
  replyWith(reply: Reply): void {
    this.requests.length = 0;
    this.#reply = reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const json = { "content-type": "application/json", "x-request-id": "req_1" };

export const status =
  (code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) =>
    void response.writeHead(code, { ...json, ...headers }).end(JSON.stringify(body));

/** The text as it is, whatever it is. */
export const raw =
  (text: string, contentType = "application/json"): Reply =>
  (response) =>
    void response.writeHead(200, { ...json, "content-type": contentType }).end(text);

/** Nothing, for ever. */
export const hang: Reply = () => {};

/** The beginning of an answer, and then nothing. */
export const trickle =
  (start: string, contentType = "application/json"): Reply =>
  (response) =>
    void response.writeHead(200, { ...json, "content-type": contentType }).write(start);

export const resetBeforeHeaders: Reply = (response) => void response.socket?.resetAndDestroy();

/** The beginning of an answer, and then the connection is gone. */
export const resetInside =
  (start: string, contentType = "application/json"): Reply =>
  (response) => {
    response.writeHead(200, { ...json, "content-type": contentType, "transfer-encoding": "chunked" });
    response.write(start, () => setImmediate(() => response.socket?.resetAndDestroy()));
  };
