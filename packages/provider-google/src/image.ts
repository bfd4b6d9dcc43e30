import {
  type Exchange,
  type ImageModelOptions,
  listOf,
  peek,
  textOf,
  type WireImageRequest,
  type WireImages,
} from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";
import { type GoogleClient, quietly } from "./client.ts";
import { once, partsOf, readContent } from "./content.ts";
import { shapeOf } from "./image-shape.ts";
import { bytesOf } from "./read.ts";
import { sent } from "./wire.ts";

/** How pictures are asked for, and what can be asked for. */
type Drawing = Pick<ImageModelOptions, "features" | "send">;

/** Gemini's image models: a picture is a part of a content. */
export const picture = (client: GoogleClient, model: string): Drawing => ({
  features: { maxCount: 1 },
  send: async ({ prompt, size }: WireImageRequest, exchange: Exchange) => {
    const shape = size === undefined ? {} : { imageConfig: shapeOf(model, size) };
    const config = { responseModalities: ["IMAGE"], ...shape, ...once, ...sent(client, exchange) };
    const contents = [{ role: "user", parts: [{ text: prompt }] }];
    return readPicture(await client.models.generateContent({ model, contents, config } as never));
  },
});

function readPicture(answer: unknown): WireImages {
  const { blocked, inputTokens, outputTokens, model, requestId } = readContent(answer);
  const [candidate] = listOf(peek(answer, "candidates"));
  const pictures = partsOf(candidate).flatMap((part) => peek(part, "inlineData") ?? []);
  return {
    images: pictures.map((one) => bytesOf(peek(one, "data"))),
    ...{ blocked, inputTokens, outputTokens, model, requestId },
  };
}

/** Imagen: several pictures, and why one of them is not shown. @throws `OPTION_INVALID` where the client does not have it */
export function imagen(client: GoogleClient, model: string): Drawing {
  const { models, vertexai } = client;
  if (vertexai !== true || !models.generateImages)
    throw new OptionInvalidError("google image", "an image model of Gemini's, or a client for Vertex AI", model);
  return {
    features: { maxCount: 4 },
    send: async ({ prompt, count, size }: WireImageRequest, exchange: Exchange) => {
      const shape = size === undefined ? {} : shapeOf(model, size);
      const config = { numberOfImages: count, includeRaiReason: true, ...shape, ...sent(client, exchange) };
      return readImagen(await quietly(() => models.generateImages?.({ model, prompt, config } as never)));
    },
  };
}

function readImagen(answer: unknown): WireImages {
  const list = listOf(peek(answer, "generatedImages"));
  const [blocked] = list.flatMap((one) => textOf(peek(one, "raiFilteredReason")) ?? []);
  return { images: list.map((one) => bytesOf(peek(peek(one, "image"), "imageBytes"))), blocked };
}
