import { peek, type WireImageRequest, type WireImages } from "@semel/ai/provider";
import { once, partsOf, readContent } from "./content.ts";
import { shapeOf } from "./image-shape.ts";
import { bytesOf, listOf, textOf } from "./read.ts";

/** Gemini's image models: a picture as a part of a content. */
export function pictureBody(
  model: string,
  { prompt, size }: WireImageRequest,
): { readonly contents: readonly object[]; readonly config: object } {
  return {
    contents: [{ role: "user", parts: [{ text: prompt }] }],
    config: {
      responseModalities: ["IMAGE"],
      ...(size !== undefined && { imageConfig: shapeOf(model, size) }),
      ...once,
    },
  };
}

export function readPicture(answer: unknown): WireImages {
  const { blocked, inputTokens, outputTokens, model, requestId } = readContent(answer);
  const [candidate] = listOf(peek(answer, "candidates"));
  const pictures = partsOf(candidate).flatMap((part) => peek(part, "inlineData") ?? []);
  return {
    images: pictures.map((picture) => bytesOf(peek(picture, "data"))),
    ...{ blocked, inputTokens, outputTokens, model, requestId },
  };
}

/** Imagen: several pictures, and why one of them is not shown. */
export function imagenBody(
  model: string,
  { prompt, count, size }: WireImageRequest,
): { readonly prompt: string; readonly config: object } {
  const shape = size === undefined ? {} : shapeOf(model, size);
  return { prompt, config: { numberOfImages: count, includeRaiReason: true, ...shape } };
}

export function readImagen(answer: unknown): WireImages {
  const list = listOf(peek(answer, "generatedImages"));
  const [blocked] = list.flatMap((one) => textOf(peek(one, "raiFilteredReason")) ?? []);
  return { images: list.map((one) => bytesOf(peek(peek(one, "image"), "imageBytes"))), blocked };
}
