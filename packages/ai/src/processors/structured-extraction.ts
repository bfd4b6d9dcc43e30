import {
  type AnyJob,
  defineJob,
  digest,
  type GeneratedObject,
  type JobContext,
  type Message,
  type ObjectRequest,
  type PayloadOf,
  Processor,
  type ResultOf,
  SemelError,
  type Tenancy,
  type TextModel,
  type Usage,
} from "@semel/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { publicScope, tenantScope } from "../prompt/scope.ts";
import { promptTemplate } from "../prompt/template.ts";
import type { ModelJob, ModelJobOptions } from "./model-job.ts";
import { isOfWholeModel } from "./of-whole-model.ts";
import { anything, plainSchema, text } from "./plain-schema.ts";

export interface ExtractionPayload {
  /** Of the text, at yours. */
  readonly id: string;
  readonly text: string;
}

export interface ExtractionResult<Data> {
  readonly data: Data;
  /** The model that answered. */
  readonly model: string;
  /** How often the model had to be told what did not fit. */
  readonly repairs: number;
  readonly usage: Usage;
}

export interface ExtractionJobOptions<T extends string, N extends Tenancy, S extends StandardSchemaV1>
  extends ModelJobOptions<T, N> {
  /** What is to be found: people, places, dates … Any Standard Schema; say with each field what is meant. */
  readonly schema: S;
}

/**
 * A job that finds data in one text. The same work is the same id with the same text. The text is kept out of letters and logs.
 * @example
 * const findFacts = extractionJob({
 *   type: "find-facts",
 *   schema: z.object({ people: z.array(z.string()), places: z.array(z.string()), dates: z.array(z.iso.date()) }),
 * });
 */
export function extractionJob<const T extends string, S extends StandardSchemaV1, const N extends Tenancy = "none">(
  options: ExtractionJobOptions<T, N, S>,
): ModelJob<T, ExtractionPayload, ExtractionResult<StandardSchemaV1.InferOutput<S>>, N> {
  type Result = ExtractionResult<StandardSchemaV1.InferOutput<S>>;
  const { schema: _, ...rest } = options;
  return defineJob({
    ...rest,
    payload: plainSchema<ExtractionPayload>({ id: text, text }),
    // The data was checked when it came. It is not checked again: a schema that transforms need not accept what it made.
    result: plainSchema<Result>({ data: anything, model: text, repairs: anything, usage: anything }) as never,
    correlation: (payload: ExtractionPayload) => ({ id: payload.id, text: digest(payload.text) }),
    redact: ["text"],
  }) as ModelJob<T, ExtractionPayload, Result, N>;
}

export interface ExtractionOptions<S extends StandardSchemaV1>
  extends Pick<ObjectRequest<S>, "schema" | "jsonSchema" | "name" | "repairs" | "maxTokens" | "temperature"> {
  /** What the model is told beside the schema. Your own words. */
  readonly instructions?: string | undefined;
}

const defaultInstructions =
  "Find in the document what the schema asks for. Take only what is said there: leave out what is missing, and invent nothing.";

/**
 * Finds data in a job's text by a schema. The call is a step, so a retry never pays for it twice. The text goes into a frame of its
 * own, in the scope of the job's tenant. Override `messagesOf` and `resultOf` for a job of your own.
 */
export class StructuredExtractionProcessor<
  S extends StandardSchemaV1,
  J extends AnyJob = ModelJob<string, ExtractionPayload, ExtractionResult<StandardSchemaV1.InferOutput<S>>, Tenancy>,
> extends Processor<J> {
  override readonly job: J;
  readonly model: TextModel;
  readonly options: ExtractionOptions<S>;

  constructor(job: J, model: TextModel, options: ExtractionOptions<S>) {
    super();
    this.job = job;
    this.model = model;
    this.options = options;
  }

  /** What the model is asked. Default: the instructions, and the payload's `text` in a frame. */
  messagesOf(payload: PayloadOf<J>, { tenant }: JobContext<J>): readonly Message[] | Promise<readonly Message[]> {
    const { text } = payload as { readonly text?: unknown };
    if (typeof text !== "string")
      throw new SemelError(
        "OPTION_INVALID",
        `StructuredExtractionProcessor of ${this.job.type}: expected a payload with a text, or messagesOf to be overridden`,
      );
    const scope = tenant === undefined ? publicScope : tenantScope(tenant);
    const system = (this.options.instructions ?? defaultInstructions).replaceAll("{", "{{").replaceAll("}", "}}");
    const template = promptTemplate({ name: this.job.type, system, user: "{document}" });
    return template.build(scope, { document: scope.document(text) }).messages;
  }

  /** What the job answers; the place to save what was found. Runs again with a retry. Default: {@link ExtractionResult}. */
  resultOf(
    found: GeneratedObject<StandardSchemaV1.InferOutput<S>>,
    _context: JobContext<J>,
  ): ResultOf<J> | Promise<ResultOf<J>> {
    const { object, model, repairs, usage } = found;
    return { data: object, model, repairs, usage } as ResultOf<J>;
  }

  override async process(context: JobContext<J>): Promise<ResultOf<J>> {
    const { once, tenant } = context;
    const { instructions: _, ...asked } = this.options;
    const messages = await this.messagesOf(context.payload, context);
    const found = await once("extract", ({ key, signal }) =>
      this.model.object({ ...asked, messages }, { key, signal, tenant }),
    );
    return await this.resultOf(found as GeneratedObject<StandardSchemaV1.InferOutput<S>>, context);
  }

  /** A type that uses one model rests with it. */
  override restsType(error: unknown, _context: JobContext<J>): boolean {
    return isOfWholeModel(error);
  }
}
