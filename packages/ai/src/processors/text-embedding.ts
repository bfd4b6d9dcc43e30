import {
  type AnyJob,
  defineJob,
  digest,
  type Effect,
  type EmbeddingModel,
  type Embeddings,
  type JobContext,
  type PayloadOf,
  Processor,
  type ResultOf,
  SemelError,
  type Tenancy,
  type Usage,
} from "@semel/core";
import { sumOfUsage } from "../usage-sum.ts";
import type { ModelJob, ModelJobOptions } from "./model-job.ts";
import { isOfWholeModel } from "./of-whole-model.ts";
import { anything, plainSchema, text } from "./plain-schema.ts";

export interface EmbeddingPayload {
  /** Of the text, at yours. */
  readonly id: string;
  readonly text: string;
}

export interface EmbeddingResult {
  readonly vector: Float32Array;
  /** {@link EmbeddingModel.space}: keep it beside the vector. */
  readonly space: string;
  readonly usage: Usage;
}

/**
 * A job that embeds one text. The same work is the same id with the same text, so an edited text is embedded anew. The text is kept
 * out of letters and logs.
 */
export function embeddingJob<const T extends string, const N extends Tenancy = "none">(
  options: ModelJobOptions<T, N>,
): ModelJob<T, EmbeddingPayload, EmbeddingResult, N> {
  return defineJob({
    ...options,
    payload: plainSchema<EmbeddingPayload>({ id: text, text }),
    result: plainSchema<EmbeddingResult>({ vector: anything, space: text, usage: anything }) as never,
    correlation: (payload: EmbeddingPayload) => ({ id: payload.id, text: digest(payload.text) }),
    redact: ["text"],
  }) as ModelJob<T, EmbeddingPayload, EmbeddingResult, N>;
}

/** As many vectors as a step keeps for certain: with what else it says it stays below the 262,144 bytes of every store. */
const stepBytes = 200_000;
/** Of a model that does not say how long its vectors are. */
const assumedDimensions = 4_096;
/** A float is four bytes, and base64 makes four letters of three. */
const bytesPerDimension = 16 / 3;

/**
 * Embeds the texts of a job. Each call is a step, so a retry never pays for it twice; many texts become several steps, because a
 * step keeps its vectors. Override `textsOf` and `resultOf` for a job of your own:
 *
 * @example
 * class EmbedDocument extends TextEmbeddingProcessor<typeof embedDocument> {
 *   constructor(model: EmbeddingModel, private readonly index: Index) { super(embedDocument, model); }
 *   override textsOf({ chunks }: PayloadOf<typeof embedDocument>) { return chunks; }
 *   override async resultOf({ vectors, space }: Embeddings, { payload, fence }: JobContext<typeof embedDocument>) {
 *     await this.index.save(payload.id, vectors, space, fence);
 *     return { count: vectors.length };
 *   }
 * }
 */
export class TextEmbeddingProcessor<J extends AnyJob = ReturnType<typeof embeddingJob>> extends Processor<J> {
  override readonly job: J;
  readonly model: EmbeddingModel;

  constructor(job: J, model: EmbeddingModel) {
    super();
    this.job = job;
    this.model = model;
  }

  /** What is to be embedded. Default: the payload's `text`. */
  textsOf(payload: PayloadOf<J>, _context: JobContext<J>): readonly string[] | Promise<readonly string[]> {
    const { text } = payload as { readonly text?: unknown };
    if (typeof text !== "string")
      throw new SemelError(
        "OPTION_INVALID",
        `TextEmbeddingProcessor of ${this.job.type}: expected a payload with a text, or textsOf to be overridden`,
      );
    return [text];
  }

  /** What the job answers; the place to save vectors. Runs again with a retry, so save under a key. Default: {@link EmbeddingResult}. */
  resultOf(embeddings: Embeddings, _context: JobContext<J>): ResultOf<J> | Promise<ResultOf<J>> {
    const { vectors, space, usage } = embeddings;
    return { vector: vectors[0], space, usage } as ResultOf<J>;
  }

  override async process(context: JobContext<J>): Promise<ResultOf<J>> {
    const texts = await this.textsOf(context.payload, context);
    return await this.resultOf(await this.#embedded(texts, context), context);
  }

  /** A type that uses one model rests with it. */
  override restsType(error: unknown, _context: JobContext<J>): boolean {
    return isOfWholeModel(error);
  }

  async #embedded(texts: readonly string[], { once, tenant }: JobContext<J>): Promise<Embeddings> {
    const { model } = this;
    const size = Math.min(
      model.limits.maxItems,
      Math.max(1, Math.floor(stepBytes / ((model.dimensions ?? assumedDimensions) * bytesPerDimension))),
    );
    const groups = Array.from({ length: Math.max(1, Math.ceil(texts.length / size)) }, (_, n) =>
      texts.slice(n * size, (n + 1) * size),
    );
    const answers: Embeddings[] = [];
    for (const [n, group] of groups.entries()) {
      // Vectors of another space must not come beside those on record: that is a STEP_CONFLICT.
      const options = { input: { space: model.space }, ...(groups.length > 1 ? { key: n } : {}) };
      const embed = ({ key, signal }: Effect): Promise<Embeddings> =>
        model.embed({ texts: group }, { key, signal, tenant });
      answers.push((await once("embed", embed, options)) as Embeddings);
    }
    const [first] = answers as [Embeddings, ...Embeddings[]];
    return {
      ...first,
      vectors: answers.flatMap(({ vectors }) => vectors),
      usage: sumOfUsage(answers.map(({ usage }) => usage)),
    };
  }
}
