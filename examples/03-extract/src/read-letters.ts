import { type ExtractionPayload, type ExtractionResult, StructuredExtractionProcessor } from "@semel/ai";
import type { GeneratedObject, JobContext, Message, TextModel } from "@semel/core";
import { type Facts, facts, readLetter } from "./jobs.ts";
import { markOf } from "./letters.ts";

/** Reads a letter, and saves what it found. Saving fails once for some: by then the answer is paid for, and must not be again. */
export class ReadLetters extends StructuredExtractionProcessor<typeof facts> {
  readonly #saved: Map<string, Facts>;
  readonly #full: Set<string>;

  constructor(model: TextModel, saved: Map<string, Facts>, fullFor: Iterable<string>) {
    super(readLetter, model, { schema: facts, maxTokens: 500 });
    this.#saved = saved;
    this.#full = new Set(fullFor);
  }

  /** By the mark in the first line, whoever keeps the provider's books knows which letter was asked for. */
  override async messagesOf(
    payload: ExtractionPayload,
    context: JobContext<typeof readLetter>,
  ): Promise<readonly Message[]> {
    const messages = await super.messagesOf(payload, context);
    const [first, ...rest] = messages as readonly [Message, ...Message[]];
    return [{ ...first, text: `${markOf(payload.id)}\n${first.text}` }, ...rest];
  }

  override resultOf(
    found: GeneratedObject<Facts>,
    { payload: { id } }: JobContext<typeof readLetter>,
  ): ExtractionResult<Facts> {
    if (this.#full.delete(id)) throw Object.assign(new Error("no space left on the disk"), { code: "ENOSPC" });
    this.#saved.set(id, found.object);
    const { object, model, repairs, usage } = found;
    return { data: object, model, repairs, usage };
  }
}
