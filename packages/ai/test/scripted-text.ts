import type {
  GeneratedObject,
  GeneratedText,
  ModelCall,
  ObjectRequest,
  TextModel,
  TextPart,
  TextRequest,
} from "@semel/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";

/** A text model that answers as it is told, and remembers what it was asked. */
export class ScriptedText implements TextModel {
  readonly "~semel" = "text-model/1" as const;
  readonly provider = "scripted";
  readonly model = "scripted-1";
  readonly host = "here";
  readonly isMock = false;
  readonly features = { stream: true, object: "enforced" } as const;
  readonly asked: { readonly request: TextRequest | ObjectRequest; readonly call: ModelCall }[] = [];
  answer: (n: number) => unknown | Promise<unknown>;

  constructor(answer: (n: number) => unknown | Promise<unknown>) {
    this.answer = answer;
  }

  async #next(request: TextRequest | ObjectRequest, call: ModelCall): Promise<unknown> {
    this.asked.push({ request, call });
    const answer = await this.answer(this.asked.length);
    call.onUsage?.(usage);
    return answer;
  }

  async generate(request: TextRequest, call: ModelCall = {}): Promise<GeneratedText> {
    return this.#text(String(await this.#next(request, call)));
  }

  #text(text: string): GeneratedText {
    return { text, finish: "stop", provider: this.provider, model: this.model, isMock: false, usage };
  }

  async *stream(request: TextRequest, call: ModelCall = {}): AsyncGenerator<TextPart> {
    const text = String(await this.#next(request, call));
    for (const letter of text) yield { is: "text", text: letter };
    yield { is: "end", ...this.#text(text) };
  }

  async object<S extends StandardSchemaV1>(
    request: ObjectRequest<S>,
    call: ModelCall = {},
  ): Promise<GeneratedObject<StandardSchemaV1.InferOutput<S>>> {
    const object = (await this.#next(request, call)) as StandardSchemaV1.InferOutput<S>;
    return { object, repairs: 0, provider: this.provider, model: this.model, isMock: false, usage };
  }
}

const usage = { certainty: "actual", inputTokens: 11, outputTokens: 7 } as const;
