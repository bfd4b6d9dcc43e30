import {
  type Clock,
  type Duration,
  type EmbeddingModel,
  type Embeddings,
  type EmbedRequest,
  type ModelCall,
  ModelError,
  OptionInvalidError,
  systemClock,
} from "@semel/core";
import { toMs } from "@semel/core/adapter";
import { checkedCall } from "../provider/checked-call.ts";
import { nothingSpent } from "../usage-sum.ts";
import { Batcher, type BatchRules } from "./batcher.ts";
import { Caller } from "./item.ts";
import { Room } from "./room.ts";

export interface BatchOptions {
  /**
   * How long the first text of a request waits for others. Default: `"3ms"`, and not as long where all who were just answered have come
   * back and nothing is under way; a window that is said, and those of tenants, are waited out.
   */
  readonly window?: Duration | undefined;
  /** Texts of one request. Default and most: the model's `limits.maxItems`. */
  readonly maxItems?: number | undefined;
  /** Tokens of one request. Default and most: the model's `limits.maxTokens`. */
  readonly maxTokens?: number | undefined;
  /** Requests at a time, where the provider answers side by side. Default: 64. */
  readonly maxInFlight?: number | undefined;
  /** Whether tenants must not share a request. Default: false. */
  readonly perTenant?: boolean | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
}

/**
 * The same model, but calls made at about the same time become one request. Each call is settled on its own: by its own vectors and
 * its share of the usage, its own refusal, its own signal and its own timeout. A call may have more texts than fit into a request.
 *
 * @example
 * const model = batched(limited(openai.embedding("text-embedding-3-small")));
 * @throws `OPTION_INVALID`
 */
export function batched(model: EmbeddingModel, options: BatchOptions = {}): EmbeddingModel {
  const { perTenant = false, clock = systemClock, maxInFlight = 64 } = options;
  const rules: BatchRules = {
    windowMs: toMs(options.window ?? "3ms", "batched.window"),
    maxItems: Math.min(model.limits.maxItems, options.maxItems ?? Number.POSITIVE_INFINITY),
    maxTokens: Math.min(model.limits.maxTokens, options.maxTokens ?? Number.POSITIVE_INFINITY),
    // What is known of the last request is of all lanes together.
    leavesEarly: options.window === undefined && !perTenant,
  };
  for (const [name, value] of Object.entries({ maxItems: rules.maxItems, maxTokens: rules.maxTokens, maxInFlight }))
    if (!(value >= 1)) throw new OptionInvalidError(`batched.${name}`, "a number from 1", value);
  const room = new Room(maxInFlight, () => {
    for (const batcher of batchers.values()) batcher.pump();
  });
  const batchers = new Map<string | undefined, Batcher>();
  const batcherFor = (tenant: string | undefined): Batcher => {
    const lane = perTenant ? tenant : undefined;
    const there = batchers.get(lane);
    if (there) return there;
    // One that has nothing to send is forgotten: tenants come and go.
    const made = new Batcher(model, rules, room, clock, () => batchers.delete(lane));
    batchers.set(lane, made);
    return made;
  };
  return {
    "~semel": "embedding-model/1",
    provider: model.provider,
    model: model.model,
    host: model.host,
    isMock: model.isMock,
    credential: model.credential,
    space: model.space,
    dimensions: model.dimensions,
    limits: model.limits,
    countTokens: (text) => model.countTokens(text),
    async embed(request: EmbedRequest, given: ModelCall = {}): Promise<Embeddings> {
      const call = checkedCall(given);
      const texts = Array.isArray(request?.texts) ? request.texts : [];
      const caller = new Caller(call, texts.length);
      if (call.signal?.aborted) {
        caller.fail(call.signal.reason);
        return caller.promise;
      }
      const wrong =
        texts.length === 0 ? "at least one text" : texts.some(isBlank) ? "no text that is empty or blank" : undefined;
      if (wrong) {
        caller.fail(inputInvalid(model, wrong));
        return caller.promise;
      }
      const stop = limitCaller(caller, model, clock);
      caller.onOver(stop);
      const items = texts.map((text, index) => ({
        text,
        index,
        owner: caller,
        tokens: Math.max(1, model.countTokens(text)),
      }));
      batcherFor(call.tenant).add(items);
      return caller.promise;
    },
  };
}

const isBlank = (text: unknown): boolean => typeof text !== "string" || text.trim() === "";

/** Ends a call at its signal, or when its time is over. Answers how to stop watching. */
function limitCaller(caller: Caller, { provider, model }: EmbeddingModel, clock: Clock): () => void {
  const { signal, timeout } = caller.call;
  const stop = (): void => caller.fail(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const timer =
    timeout === undefined
      ? undefined
      : clock.timer(toMs(timeout, "timeout"), () =>
          caller.fail(
            new ModelError("MODEL_TIMEOUT", `${provider}/${model}: no answer within ${timeout}`, {
              provider,
              model,
              isRetryable: true,
              maxAttempts: 3,
            }),
          ),
        );
  return () => {
    timer?.cancel();
    signal?.removeEventListener("abort", stop);
  };
}

const inputInvalid = ({ provider, model }: EmbeddingModel, expected: string): ModelError =>
  new ModelError("MODEL_INPUT_INVALID", `${provider}/${model}: expected ${expected}; nothing was sent`, {
    provider,
    model,
    usage: nothingSpent,
  });
