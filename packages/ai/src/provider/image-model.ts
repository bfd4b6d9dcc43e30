import type { Image, ImageFeatures, ImageModel, ImageRequest, Images, ModelCall } from "@semel/core";
import { badAnswer, type Call, failed, refusedContent } from "./classify.ts";
import { type Exchange, OneCall } from "./exchange.ts";
import { type ModelOptions, modelOf, settingsOf } from "./model-options.ts";
import { reckonTokens, saidTokens } from "./tokens.ts";

export interface WireImages {
  readonly images: readonly Uint8Array[];
  readonly blocked?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly model?: string | undefined;
  readonly requestId?: string | undefined;
}

/** One request, checked, with its count filled in. */
export interface WireImageRequest extends Pick<ImageRequest, "prompt" | "size"> {
  readonly count: number;
}

export interface ImageModelOptions extends ModelOptions {
  readonly features: ImageFeatures;
  readonly send: (request: WireImageRequest, exchange: Exchange) => Promise<WireImages>;
}

/** An image model, of how to send one request. */
export function imageModel(options: ImageModelOptions): ImageModel {
  const settings = settingsOf({ timeout: "180s", ...options });
  return {
    "~semel": "image-model/1",
    ...modelOf(options),
    features: options.features,
    async generate(request: ImageRequest, call: ModelCall = {}): Promise<Images> {
      const one = new OneCall(settings, call);
      return one.run(async (exchange) => {
        const count = check(one.about, request, options.features);
        one.estimate = { certainty: "estimated", inputTokens: reckonTokens(request.prompt), outputTokens: 0 };
        const wire = await options.send({ prompt: request.prompt, count, size: request.size }, exchange);
        const { model = options.model, requestId } = wire;
        const [inputTokens, outputTokens] = [saidTokens(wire.inputTokens), saidTokens(wire.outputTokens)];
        // Before the pictures are looked at: what is wrong with them was paid for, too.
        if (inputTokens !== undefined && outputTokens !== undefined)
          one.estimate = { certainty: "actual", inputTokens, outputTokens };
        if (wire.blocked !== undefined) throw refusedContent(one.about, wire.blocked);
        if (wire.images.length !== count)
          throw badAnswer(one.about, `expected ${count} pictures, got ${wire.images.length}`);
        const images = wire.images.map((bytes): Image => ({ bytes, mediaType: mediaTypeOf(one.about, bytes) }));
        const usage = one.estimate;
        one.tell(usage);
        return { images, provider: options.provider, model, isMock: options.isMock, usage, requestId };
      });
    },
  };
}

function check(call: Call, request: ImageRequest, { maxCount, sizes }: ImageFeatures): number {
  const { prompt, count = 1, size } = (request ?? {}) as Partial<ImageRequest>;
  if (typeof prompt !== "string" || prompt.trim() === "")
    throw failed(call, "MODEL_INPUT_INVALID", "prompt: expected a text");
  if (!Number.isInteger(count) || count < 1)
    throw failed(call, "MODEL_INPUT_INVALID", `count: expected a whole number from 1, got ${count}`);
  if (count > maxCount)
    throw failed(call, "MODEL_UNSUPPORTED", `count: it makes at most ${maxCount} at a time, not ${count}`);
  if (size !== undefined && !/^\d{1,5}x\d{1,5}$/.test(size))
    throw failed(call, "MODEL_INPUT_INVALID", `size: expected pixels like 1024x1024`);
  if (size !== undefined && sizes && !sizes.includes(size))
    throw failed(call, "MODEL_UNSUPPORTED", `size: expected one of ${sizes.join(", ")}, got ${size}`);
  return count;
}

const signatures: readonly (readonly [Image["mediaType"], readonly number[], number])[] = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47], 0],
  ["image/jpeg", [0xff, 0xd8, 0xff], 0],
  ["image/webp", [0x57, 0x45, 0x42, 0x50], 8],
];

function mediaTypeOf(call: Call, bytes: Uint8Array): Image["mediaType"] {
  for (const [type, signature, at] of signatures) if (signature.every((byte, n) => bytes[at + n] === byte)) return type;
  throw badAnswer(call, "what came is no PNG, JPEG or WebP");
}
