import { reckonTokens, type WireEmbeddings, type WireImages, type WireText } from "@semel/ai/provider";
import { Played, silence } from "./played.ts";
import type { Playing } from "./script.ts";

// What goes over the wire: what was made up, as the step changes it, and then as its fault breaks it.

export function vectorsOf({ step, fault }: Playing, made: WireEmbeddings, count: number): WireEmbeddings {
  const right = step.vectors?.map((values) => ({ values })) ?? made.vectors;
  const { inputTokens } = tokensOf(step, made.inputTokens, 0);
  const values = (change: (all: number[]) => number[]) =>
    right.map((one, index) => (index === 0 ? { values: change(Array.from(one.values)) } : one));
  switch (fault) {
    case "too-few-vectors":
      return { vectors: right.slice(1), inputTokens };
    case "too-many-vectors":
      return { vectors: [...right, ...right.slice(0, 1)], inputTokens };
    case "wrong-index":
      return { vectors: right.map((one) => ({ ...one, index: count })), inputTokens };
    case "wrong-dimensions":
      return { vectors: values((all) => all.slice(1)), inputTokens };
    case "not-a-number":
      return { vectors: values(([, ...rest]) => [Number.NaN, ...rest]), inputTokens };
    case "all-zeros":
      return { vectors: values((all) => all.map(() => 0)), inputTokens };
    default:
      return { vectors: right, inputTokens };
  }
}

export function textOf({ step, fault }: Playing, made: WireText): WireText {
  const right = step.text ?? (step.data === undefined ? (made.text ?? "") : JSON.stringify(step.data));
  const tokens = tokensOf(step, made.inputTokens, reckonTokens(right));
  switch (fault) {
    case "no-finish":
      return { text: right, ...tokens };
    case "empty-answer":
      return { text: "", finish: "stop", ...tokens };
    case "cut":
      return { text: right.slice(0, Math.ceil(right.length / 2)), finish: "length", ...tokens };
    case "blocked":
      return { text: "", finish: "blocked", blocked: "the script says so", ...tokens };
    default:
      return { text: right, finish: "stop", ...tokens };
  }
}

export function imagesOf({ step, fault }: Playing, made: WireImages): WireImages {
  const tokens = tokensOf(step, made.inputTokens, made.outputTokens ?? 0);
  switch (fault) {
    case "no-picture":
      return { images: [], ...tokens };
    case "not-a-picture":
      return { images: made.images.map(() => new TextEncoder().encode("no picture")), ...tokens };
    default:
      return { images: step.images ?? made.images, ...tokens };
  }
}

/** The text word by word, and its end; or what breaks it off after the first words. */
export async function* wordsOf(playing: Playing, whole: WireText, signal: AbortSignal): AsyncGenerator<WireText> {
  const { text = "", ...end } = whole;
  const words = text.split(/(?<= )/);
  const { fault } = playing;
  const breaksOff = fault === "stream-reset" || fault === "stream-error" || fault === "stream-silence";
  for (const word of breaksOff ? words.slice(0, Math.ceil(words.length / 2)) : words) yield { text: word };
  if (fault === "stream-reset") throw new Played({ cause: "ECONNRESET", hasBegun: true, message: "scripted: reset" });
  if (fault === "stream-error") throw new Played({ answer: "error", hasBegun: true, message: "scripted: an error" });
  if (fault === "stream-silence") await silence(signal);
  playing.answered(end.inputTokens, end.outputTokens);
  yield end;
}

function tokensOf(
  { usage }: Playing["step"],
  inputTokens: number | undefined,
  outputTokens: number,
): { readonly inputTokens?: number | undefined; readonly outputTokens?: number | undefined } {
  if (usage === "unsaid") return {};
  return { inputTokens: usage?.inputTokens ?? inputTokens, outputTokens: usage?.outputTokens ?? outputTokens };
}
