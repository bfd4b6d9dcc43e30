import type { Answer } from "./answer.ts";
import type { Model, ModelCall } from "./model.ts";

/** What is asked of an image model. */
export interface ImageRequest {
  /** Not empty, and not of white space only. */
  readonly prompt: string;
  /** How many. Default: 1. */
  readonly count?: number | undefined;
  /** Pixels, `"1024x1024"`; one of `features.sizes` where the model names them. Default: the provider's. */
  readonly size?: `${number}x${number}` | undefined;
}

export interface Image {
  readonly bytes: Uint8Array;
  /** By its first bytes, whatever the provider calls it. */
  readonly mediaType: "image/png" | "image/jpeg" | "image/webp";
}

export interface Images extends Answer {
  /** As many as were asked for. Too large for a step to keep: store them, and keep a reference. */
  readonly images: readonly Image[];
}

export interface ImageFeatures {
  readonly maxCount: number;
  /** `undefined`: any. */
  readonly sizes?: readonly string[] | undefined;
}

/** Turns texts into pictures. */
export interface ImageModel extends Model {
  readonly "~semel": "image-model/1";
  readonly features: ImageFeatures;
  /** @throws {@link ModelError}, and the signal's reason where the call was ended. */
  generate(request: ImageRequest, call?: ModelCall): Promise<Images>;
}
