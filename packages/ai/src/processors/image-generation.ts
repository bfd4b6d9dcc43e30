import {
  type AnyJob,
  defineJob,
  digest,
  type Effect,
  type Image,
  type ImageModel,
  type ImageRequest,
  type JobContext,
  type Json,
  type PayloadOf,
  Processor,
  type ResultOf,
  SemelError,
  type Tenancy,
  type Usage,
} from "@semel/core";
import type { ModelJob, ModelJobOptions } from "./model-job.ts";
import { isOfWholeModel } from "./of-whole-model.ts";
import { anything, optional, plainSchema, text } from "./plain-schema.ts";

export interface ImagePayload {
  /** Of the picture, at yours. */
  readonly id: string;
  readonly prompt: string;
  readonly size?: `${number}x${number}` | undefined;
}

export interface ImageResult {
  /** What `save` answered. */
  readonly saved: Json;
  readonly model: string;
  readonly usage: Usage;
}

/** A job that has one picture made. The same work is the same id with the same prompt and size. The prompt is kept out of letters and logs. */
export function imageJob<const T extends string, const N extends Tenancy = "none">(
  options: ModelJobOptions<T, N>,
): ModelJob<T, ImagePayload, ImageResult, N> {
  return defineJob({
    ...options,
    payload: plainSchema<ImagePayload>({ id: text, prompt: text, size: optional(text) }) as never,
    result: plainSchema<ImageResult>({ saved: anything, model: text, usage: anything }) as never,
    correlation: (({ id, prompt, size }: ImagePayload) => ({ id, prompt: digest(`${size ?? ""} ${prompt}`) })) as never,
    redact: ["prompt"],
  }) as ModelJob<T, ImagePayload, ImageResult, N>;
}

/** Where pictures are saved. */
export interface SavedUnder<J extends AnyJob> {
  /**
   * The same on every attempt: name the files after it, so that a picture that was made and saved before a worker died is not
   * saved beside its successor.
   */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly context: JobContext<J>;
}

/**
 * Has pictures made, and saved by you. Making and saving are one step, because pictures are too large for a step to keep: a
 * retry after it never pays twice. Where saving fails the pictures are lost with the attempt and are made, and paid for, again;
 * so let `save` try hard.
 *
 * @example
 * class Illustrate extends ImageGenerationProcessor {
 *   constructor(model: ImageModel, private readonly bucket: Bucket) { super(illustrate, model); }
 *   override async save([image]: readonly Image[], { key }: SavedUnder<typeof illustrate>) {
 *     await this.bucket.put(`${key}.png`, image.bytes);
 *     return { path: `${key}.png` };
 *   }
 * }
 */
export abstract class ImageGenerationProcessor<J extends AnyJob = ReturnType<typeof imageJob>> extends Processor<J> {
  override readonly job: J;
  readonly model: ImageModel;

  constructor(job: J, model: ImageModel) {
    super();
    this.job = job;
    this.model = model;
  }

  /** Saves the pictures and answers where they are. */
  abstract save(images: readonly Image[], under: SavedUnder<J>): Json | Promise<Json>;

  /** What the model is asked. Default: the payload's `prompt` and `size`. */
  requestOf(payload: PayloadOf<J>, _context: JobContext<J>): ImageRequest | Promise<ImageRequest> {
    const { prompt, size } = payload as { readonly prompt?: unknown; readonly size?: ImageRequest["size"] };
    if (typeof prompt !== "string")
      throw new SemelError(
        "OPTION_INVALID",
        `ImageGenerationProcessor of ${this.job.type}: expected a payload with a prompt, or requestOf to be overridden`,
      );
    return { prompt, size };
  }

  /** What the job answers. Default: {@link ImageResult}. */
  resultOf(result: ImageResult, _context: JobContext<J>): ResultOf<J> | Promise<ResultOf<J>> {
    return result as ResultOf<J>;
  }

  override async process(context: JobContext<J>): Promise<ResultOf<J>> {
    const request = await this.requestOf(context.payload, context);
    const made = async ({ key, signal }: Effect): Promise<object> => {
      const { images, model, usage } = await this.model.generate(request, { key, signal, tenant: context.tenant });
      return { saved: await this.save(images, { key, signal, context }), model, usage } satisfies ImageResult;
    };
    const done = await context.once("image", made);
    return await this.resultOf(done as ImageResult, context);
  }

  /** A type that uses one model rests with it. */
  override restsType(error: unknown, _context: JobContext<J>): boolean {
    return isOfWholeModel(error);
  }
}
