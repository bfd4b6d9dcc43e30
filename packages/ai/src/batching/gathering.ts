import {
  type Clock,
  type EmbeddingLimits,
  type EmbeddingModel,
  type Embeddings,
  type ModelCall,
  ModelError,
  type ModelErrorCode,
  type Timer,
  type Usage,
} from "@semel/core";
import { Caller, type Item } from "./caller.ts";
import { shares } from "./shares.ts";

export interface GatheringSettings {
  readonly model: EmbeddingModel;
  readonly limits: EmbeddingLimits;
  readonly windowMs: number;
  readonly maxInFlight: number;
  readonly clock: Clock;
}

/** Failures that may be about one text: the others are tried without it. */
const ofOneText: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_REQUEST_REFUSED",
  "MODEL_INPUT_INVALID",
  "MODEL_INPUT_TOO_LONG",
  "MODEL_CONTENT_BLOCKED",
]);

/** Texts that wait, and requests under way. */
export class Gathering {
  readonly #settings: GatheringSettings;
  readonly #isIdle: () => void;
  #waiting: Item[] = [];
  #tokens = 0;
  #inFlight = 0;
  #timer: Timer | undefined;
  /** Requests by those who wait for them. */
  readonly #under = new Set<{ readonly items: readonly Item[]; readonly over: AbortController }>();

  /** @param isIdle told when nothing waits and nothing is under way */
  constructor(settings: GatheringSettings, isIdle: () => void) {
    this.#settings = settings;
    this.#isIdle = isIdle;
  }

  embed(texts: readonly string[], call: ModelCall): Promise<Embeddings> {
    if (call.signal?.aborted) {
      call.onUsage?.({ certainty: "actual", inputTokens: 0, outputTokens: 0 });
      return Promise.reject(call.signal.reason);
    }
    const caller = new Caller(texts.length, call, (gone) => this.#leave(gone));
    for (const [index, text] of texts.entries()) {
      const tokens = this.#settings.model.countTokens(text);
      this.#waiting.push({ text, tokens, caller, index });
      this.#tokens += tokens;
    }
    this.#consider();
    return caller.settled;
  }

  /**
   * A full request goes at once. Others go when nothing is under way, after this turn, so that calls of one turn go together; or when
   * the window is over.
   */
  #consider(): void {
    const { windowMs, maxInFlight, clock } = this.#settings;
    while (this.#isFull() && this.#inFlight < maxInFlight) this.#go();
    if (this.#waiting.length === 0 || this.#inFlight >= maxInFlight || this.#timer) return;
    this.#timer = clock.timer(this.#inFlight === 0 ? 0 : windowMs, () => {
      this.#timer = undefined;
      while (this.#waiting.length > 0 && this.#inFlight < maxInFlight) this.#go();
    });
  }

  #isFull(): boolean {
    const { maxItems, maxTokens } = this.#settings.limits;
    return this.#waiting.length >= maxItems || this.#tokens >= maxTokens;
  }

  #go(): void {
    const { maxItems, maxTokens } = this.#settings.limits;
    const items: Item[] = [];
    let tokens = 0;
    for (const item of this.#waiting) {
      // One text that is beyond the bound by itself goes alone: the provider counts more exactly.
      if (items.length >= maxItems || (items.length > 0 && tokens + item.tokens > maxTokens)) break;
      items.push(item);
      tokens += item.tokens;
    }
    this.#waiting = this.#waiting.slice(items.length);
    this.#tokens -= tokens;
    this.#inFlight += 1;
    void this.#send(items).finally(() => {
      this.#inFlight -= 1;
      this.#consider();
      if (this.#inFlight === 0 && this.#waiting.length === 0) this.#isIdle();
    });
  }

  /** Never rejects: each text is settled, one way or the other. */
  async #send(all: readonly Item[]): Promise<void> {
    const items = all.filter(({ caller }) => !caller.isOver);
    if (items.length === 0) return;
    const over = new AbortController();
    const request = { items, over };
    this.#under.add(request);
    let usage: Usage = { certainty: "unknown" };
    try {
      const answer = await this.#settings.model.embed(
        { texts: items.map(({ text }) => text) },
        callOf(items, over.signal, (told) => {
          usage = told;
        }),
      );
      if (answer.vectors.length !== items.length)
        throw misaligned(this.#settings.model, items.length, answer.vectors.length);
      charge(items, answer.usage);
      for (const [place, { caller, index }] of items.entries())
        caller.give(index, answer.vectors[place] as Float32Array, answer);
    } catch (error) {
      charge(items, usage);
      if (items.length > 1 && ModelError.isInstance(error) && ofOneText.has(error.code)) await this.#halve(items);
      else for (const { caller } of items) caller.fail(error);
    } finally {
      this.#under.delete(request);
    }
  }

  async #halve(items: readonly Item[]): Promise<void> {
    const middle = Math.ceil(items.length / 2);
    await this.#send(items.slice(0, middle));
    await this.#send(items.slice(middle));
  }

  /** Its texts are not asked for any more; a request that nobody waits for ends. */
  #leave(caller: Caller): void {
    this.#waiting = this.#waiting.filter((item) => item.caller !== caller);
    this.#tokens = this.#waiting.reduce((sum, { tokens }) => sum + tokens, 0);
    for (const { items, over } of this.#under)
      if (items.every((item) => item.caller.isOver)) over.abort(caller.call.signal?.reason);
  }
}

function callOf(items: readonly Item[], signal: AbortSignal, onUsage: (usage: Usage) => void): ModelCall {
  const [first] = items;
  const isOneCall = items.every(({ caller }) => caller === first?.caller);
  const { key, timeout, tenant } = isOneCall && first ? first.caller.call : {};
  return { signal, onUsage, key, timeout, tenant };
}

/** Each caller pays for its texts. */
function charge(items: readonly Item[], usage: Usage): void {
  const parts = shares(
    usage,
    items.map(({ tokens }) => tokens),
  );
  for (const [place, { caller }] of items.entries()) caller.charge(parts[place] ?? { certainty: "unknown" });
}

const misaligned = ({ provider, model }: EmbeddingModel, expected: number, got: number): ModelError =>
  new ModelError("MODEL_ANSWER_INVALID", `${provider} ${model}: expected ${expected} vectors, got ${got}`, {
    ...{ provider, model, isRetryable: true },
  });
