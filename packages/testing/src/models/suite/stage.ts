import {
  type Answer,
  type Clock,
  type EmbeddingModel,
  type ImageModel,
  type ModelCall,
  ModelError,
  type TextModel,
  type TextRequest,
  type Usage,
} from "@semel/core";
import { expect } from "vitest";
import { VirtualClock } from "../../virtual-clock.ts";
import type { DialectVector, ModelDialect } from "../model-dialect.ts";
import { ModelServer, type Reply, status } from "../model-server.ts";
import { hints } from "./hints.ts";

/** The models of one provider. */
export interface ModelsUnderTest {
  readonly embedding?: EmbeddingModel | undefined;
  readonly text?: TextModel | undefined;
  readonly image?: ImageModel | undefined;
}

export type ModelKind = keyof ModelsUnderTest;

export interface CreateModels {
  /** Of the server; of no use to models that need none. */
  readonly url: string;
  /** It must be used as the provider's key. */
  readonly apiKey: string;
  /** For every deadline. */
  readonly clock: Clock;
  /** Length of vectors that is asked for, where the suite asks for one. */
  readonly dimensions?: number | undefined;
}

export interface ModelsSuite {
  /** The provider's name, for the report. */
  readonly name: string;
  /**
   * How the provider speaks, so that the server can pass for it. `undefined`: the models need no server, and are held only to what
   * can be seen without one.
   */
  readonly dialect?: ModelDialect | undefined;
  /** Which models there are. Default: those the dialect has words for; without a dialect, all. */
  readonly kinds?: readonly ModelKind[] | undefined;
  /** The provider takes the length of vectors that is asked for. Default: `true`. */
  readonly hasDimensions?: boolean | undefined;
  /** Called for each test, and more than once for some. */
  readonly create: (at: CreateModels) => ModelsUnderTest;
}

/** It must never be seen again, wherever a provider repeats it; of no shape that would give it away as a key. */
export const canary = "canary7f3a9b1c5d2e8f40";

export const ask: TextRequest = { messages: [{ role: "user", text: "Hello" }] };

/** A PNG as far as anybody looks: its signature. */
export const picture: Uint8Array<ArrayBuffer> = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export const vector = (index: number, values: readonly number[] = [index + 1, 0.5, -0.25]): DialectVector => ({
  index,
  values,
});

/** What the tests of one suite share: the server, the models, and the ways to ask them. */
export class Stage {
  readonly suite: ModelsSuite;
  #server: ModelServer | undefined;

  constructor(suite: ModelsSuite) {
    this.suite = suite;
  }

  get kinds(): readonly ModelKind[] {
    const { kinds, dialect } = this.suite;
    if (kinds) return kinds;
    if (!dialect) return ["embedding", "text", "image"];
    const spoken = { embedding: dialect.embeddings, text: dialect.text, image: dialect.images };
    return (["embedding", "text", "image"] as const).filter((kind) => spoken[kind]);
  }

  get server(): ModelServer {
    if (!this.#server) throw new Error("the server has not been started yet");
    return this.#server;
  }

  async start(): Promise<void> {
    this.#server = await ModelServer.start();
  }

  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  /** @throws where the suite says there is one, and there is none. */
  model<K extends ModelKind>(
    kind: K,
    at: { clock?: VirtualClock; dimensions?: number } = {},
  ): NonNullable<ModelsUnderTest[K]> {
    const { clock = new VirtualClock(), dimensions } = at;
    const models = this.suite.create({ url: this.server.url, apiKey: canary, clock, dimensions });
    const model = models?.[kind];
    if (!model) throw new Error(this.#missing(kind, models));
    return model as NonNullable<ModelsUnderTest[K]>;
  }

  #missing(kind: ModelKind, models: ModelsUnderTest | undefined): string {
    const { name, dialect } = this.suite;
    const got = models instanceof Promise ? "a promise" : Object.keys(models ?? {}).join(", ") || "none";
    const why = dialect ? `the dialect has words for the kind ${kind}` : "without a dialect all kinds are expected";
    return `${name}: create has to give ${kind} models, got ${got}; ${why}, and kinds says otherwise`;
  }

  /** One call of the kind, that any model can answer. */
  call(
    kind: ModelKind,
    call: ModelCall = {},
    on: VirtualClock | ModelsUnderTest = new VirtualClock(),
  ): Promise<Answer> {
    const models = on instanceof VirtualClock ? { [kind]: this.model(kind, { clock: on }) } : on;
    switch (kind) {
      case "embedding":
        return (models.embedding as EmbeddingModel).embed({ texts: ["Hello"] }, call);
      case "text":
        return (models.text as TextModel).generate(ask, call);
      case "image":
        return (models.image as ImageModel).generate({ prompt: "A lake" }, call);
    }
  }

  /** A right answer to {@link call}, or to so many texts; nothing to do where there is no server. */
  good(kind: ModelKind, count = 1): Reply {
    const { dialect } = this.suite;
    switch (kind) {
      case "embedding":
        return status(200, dialect?.embeddings?.(Array.from({ length: count }, (_, index) => vector(index))), limits);
      case "text":
        return status(200, dialect?.text?.({ text: "Good day", finish: "stop" }), limits);
      case "image":
        return status(200, dialect?.images?.(Array.from({ length: count }, () => picture)), limits);
    }
  }

  /** Waits for the failure, and sees to it that the key is not in it. @param hint where there is none */
  async failure(call: Promise<unknown>, hint?: string): Promise<ModelError> {
    const error = await call.then(
      (value) =>
        Promise.reject(new Error(`expected a failure, got ${JSON.stringify(value)}${hint ? `: ${hint}` : ""}`)),
      (thrown: unknown) => thrown,
    );
    if (!ModelError.isInstance(error)) throw error;
    const seen = JSON.stringify([error, error.message, error.stack, String(error.cause)]);
    expect(seen, hints.secrets).not.toContain(canary);
    return error;
  }
}

/** Collects what a call says it cost. */
export function usages(): { readonly told: Usage[]; readonly onUsage: (usage: Usage) => void } {
  const told: Usage[] = [];
  return { told, onUsage: (usage) => void told.push(usage) };
}

/** What a good answer says of limits beside itself. */
const limits = { "x-ratelimit-remaining-requests": "99", "x-ratelimit-reset-requests": "1s" };

export const nothingSpent: Usage = { certainty: "actual", inputTokens: 0, outputTokens: 0 };
