import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Answer } from "./answer.ts";
import type { Model, ModelCall } from "./model.ts";

/** One turn of a conversation. Roles are kept apart on the way to the provider. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  /** Not empty, and not of white space only. */
  readonly text: string;
}

/**
 * Why the model stopped. `stop`: it was done. `length`: it came to `maxTokens`, and the answer is cut. A blocked answer is no
 * answer, but `MODEL_CONTENT_BLOCKED`.
 */
export type FinishReason = "stop" | "length";

/** What is asked of a text model. */
export interface TextRequest {
  /** At least one, the last of them the user's. */
  readonly messages: readonly Message[];
  /** Tokens of the answer, at most. Default: the model's own bound, which every model of Semel's has. */
  readonly maxTokens?: number | undefined;
  /** 0 to 2. Default: the provider's. */
  readonly temperature?: number | undefined;
  /** The answer ends before any of these; at most 4. */
  readonly stop?: readonly string[] | undefined;
  /** What an answer that was cut at `maxTokens` is: a failure (`MODEL_OUTPUT_CUT`), or accepted with `finish: "length"`. Default: `"fail"`. */
  readonly onLength?: "fail" | "accept" | undefined;
}

export interface GeneratedText extends Answer {
  /** Not empty. */
  readonly text: string;
  readonly finish: FinishReason;
}

/** A piece of an answer as it comes, and at last the whole of it. */
export type TextPart = { readonly is: "text"; readonly text: string } | ({ readonly is: "end" } & GeneratedText);

/** What is asked of a text model that shall answer with data. */
export interface ObjectRequest<S extends StandardSchemaV1 = StandardSchemaV1> extends Omit<TextRequest, "onLength"> {
  /**
   * Any Standard Schema that can say of itself what it is as JSON Schema (zod 4 can); others need `jsonSchema` beside it.
   * The answer is checked against it whatever the model says of its own obedience.
   */
  readonly schema: S;
  /** What the model is shown, where the schema cannot say it, or should be shown otherwise. An object at its root. */
  readonly jsonSchema?: Readonly<Record<string, unknown>> | undefined;
  /** What the data is, for the model: letters, digits, `_` and `-`, at most 64. Default: `"answer"`. */
  readonly name?: string | undefined;
  /** How often an answer that does not fit is shown to the model again, with what is wrong. Each costs. 0 to 2. Default: 1. */
  readonly repairs?: number | undefined;
}

export interface GeneratedObject<T> extends Answer {
  /** As the schema gave it. Usage is that of all tries together. */
  readonly object: T;
  /** How many repairs it took. */
  readonly repairs: number;
}

/** What a text model can do. What it cannot is refused with `MODEL_UNSUPPORTED` before anything is sent. */
export interface TextFeatures {
  readonly stream: boolean;
  /** `enforced`: the provider holds the model to the schema. `asked`: it is told the schema, and may ignore it. */
  readonly object: "enforced" | "asked" | "none";
}

/** Turns texts into texts, or into data. */
export interface TextModel extends Model {
  readonly "~semel": "text-model/1";
  readonly features: TextFeatures;
  /** @throws {@link ModelError}, and the signal's reason where the call was ended. */
  generate(request: TextRequest, call?: ModelCall): Promise<GeneratedText>;
  /**
   * The answer as it comes. The last part is `end`, with the whole; without it the iteration throws, whatever came before.
   * Whoever stops iterating ends the request.
   * @throws as `generate` does, while it is iterated over.
   */
  stream(request: TextRequest, call?: ModelCall): AsyncIterable<TextPart>;
  /**
   * Data that fits the schema.
   * @throws as `generate` does; `MODEL_OUTPUT_INVALID` when the answer does not fit after all repairs.
   */
  object<S extends StandardSchemaV1>(
    request: ObjectRequest<S>,
    call?: ModelCall,
  ): Promise<GeneratedObject<StandardSchemaV1.InferOutput<S>>>;
}
