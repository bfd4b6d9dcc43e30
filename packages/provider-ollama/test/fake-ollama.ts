import type { ServerResponse } from "node:http";
import { ModelServer, type ModelServerRequest, type Reply, status } from "@semel/testing/models";
import { vi } from "vitest";

/** A pull that the server was asked for, and plays as the test says. */
export interface HeldPull {
  readonly model: string;
  readonly request: ModelServerRequest;
  /** Lines of progress. */
  say(...lines: readonly object[]): void;
  /** The model is there. */
  succeed(): void;
  fail(message: string): void;
  readonly response: ServerResponse;
}

/** An Ollama that has some models, and pulls others as slowly as a test wants. */
export class FakeOllama implements AsyncDisposable {
  readonly models = new Set<string>();
  readonly pulls: HeldPull[] = [];
  readonly server: ModelServer;

  private constructor(server: ModelServer) {
    this.server = server;
    server.replyWith(this.#reply);
  }

  static start = async (...models: readonly string[]): Promise<FakeOllama> => {
    const fake = new FakeOllama(await ModelServer.start());
    for (const model of models) fake.models.add(model);
    return fake;
  };

  get url(): string {
    return this.server.url;
  }

  /** How often this was asked for. */
  count(path: string): number {
    return this.server.requests.filter((request) => request.path === path).length;
  }

  /** The pull of that number, once it has been asked for. */
  async pull(index = 0): Promise<HeldPull> {
    await vi.waitUntil(() => this.pulls.length > index);
    return this.pulls[index] as HeldPull;
  }

  readonly #reply: Reply = (response, request) => {
    const { model = "", name = "" } = request.body as { readonly model?: string; readonly name?: string };
    switch (request.path) {
      case "/api/tags":
        return status(200, { models: [...this.models].map((one) => ({ name: one, model: one })) })(response, request);
      case "/api/pull":
        response.writeHead(200, { "content-type": "application/x-ndjson" });
        this.pulls.push(this.#held(name, response, request));
        return response.flushHeaders();
      case "/api/embed":
        if (!this.models.has(full(model)))
          return status(404, { error: `model '${model}' not found` })(response, request);
        return status(200, { model, embeddings: [[1, 2]], prompt_eval_count: 1 })(response, request);
      default:
        return status(404, { error: `model "${model}" not found, try pulling it first` })(response, request);
    }
  };

  #held(model: string, response: ServerResponse, request: ModelServerRequest): HeldPull {
    const say = (...lines: readonly object[]): void => {
      for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
    };
    return {
      ...{ model, request, response, say },
      succeed: () => {
        this.models.add(full(model));
        say({ status: "success" });
        response.end();
      },
      fail: (error) => {
        say({ error });
        response.end();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

const full = (name: string): string => (name.includes(":") ? name : `${name}:latest`);
export const layer = (digest: string, completed: number, total: number): object => ({
  ...{ status: `pulling ${digest}`, digest: `sha256:${digest}`, completed, total },
});
