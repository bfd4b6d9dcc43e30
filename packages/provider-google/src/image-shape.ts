import { ModelError } from "@semel/core";

/** How Google is told of a size. */
interface Shape {
  readonly aspectRatio: string;
  /** Default: about one megapixel. */
  readonly imageSize?: "2K" | "4K" | undefined;
}

const imagenRatios = ["1:1", "3:4", "4:3", "9:16", "16:9"];
const geminiRatios = [...imagenRatios, "2:3", "3:2", "4:5", "5:4", "21:9"];
/** Google rounds its sides to its own grid: 16:9 is 1344x768, or 1376x768. */
const tolerance = 0.04;

export const isImagen = (model: string): boolean => model.includes("imagen");

/** Megapixels that pass for one of its sizes. */
const sizes: readonly (readonly [from: number, to: number, imageSize: Shape["imageSize"]])[] = [
  [0.7, 1.7, undefined],
  [2.8, 6.5, "2K"],
  [11, 26, "4K"],
];

/** The ratio and the size that pixels stand for; Google decides on the pixels. @throws `MODEL_UNSUPPORTED` where it has none like it. */
export function shapeOf(model: string, size: string): Shape {
  const [width = 0, height = 0] = size.split("x").map(Number);
  const ratios = isImagen(model) ? imagenRatios : geminiRatios;
  const [nearest] = ratios
    .map((aspectRatio) => ({ aspectRatio, off: Math.abs(Math.log(width / height / quotientOf(aspectRatio))) }))
    .sort((a, b) => a.off - b.off);
  const megapixels = (width * height) / 1e6;
  const found = sizes.find(([from, to]) => megapixels >= from && megapixels <= to);
  const most = /gemini-2/.test(model) ? 1 : isImagen(model) ? 2 : 3;
  if (!nearest || !(nearest.off <= tolerance) || !found || sizes.indexOf(found) >= most)
    throw new ModelError(
      "MODEL_UNSUPPORTED",
      `google ${model}: size: expected about ${["1", "1 or 4", "1, 4 or 16"][most - 1]} megapixels at one of ${ratios.join(", ")}, got ${size}`,
      {
        ...{ provider: "google", model, failureClass: "fail" },
        usage: { certainty: "actual", inputTokens: 0, outputTokens: 0 },
      },
    );
  const [, , imageSize] = found;
  return { aspectRatio: nearest.aspectRatio, ...(imageSize && { imageSize }) };
}

function quotientOf(ratio: string): number {
  const [width = 1, height = 1] = ratio.split(":").map(Number);
  return width / height;
}
