import {
  type Duration,
  type EmbeddingModel,
  type Embeddings,
  type EmbedRequest,
  type ModelCall,
  OptionInvalidError,
  type TextModel,
  type TextPart,
  type TextRequest,
} from "@semel/core";
import { toMs } from "@semel/core/adapter";
import { type Decision, type Memory, type RouteOptions, route } from "./route.ts";

export interface HybridOptions {
  /** A model that says "later" is waited for up to this long; beyond, the next one is asked. Default: `"10s"`. */
  readonly longestWait?: Duration | undefined;
  /**
   * Of embedding models whose `space` differs. `"same"`: you know that it is one model in two places, and vectors may be mixed;
   * answers then carry the first one's space. `"separate"`: each answer says its own, and you keep them apart.
   * Default: they are refused.
   */
  readonly spaces?: "same" | "separate" | undefined;
  /** Told where each call goes, for metrics. What it throws is ignored. */
  readonly onDecision?: ((decision: Decision) => void) | undefined;
}

/** A model made of several. */
export type Hybrid<M> = M & {
  /**
   * The same for one job: where it went is on the job's record, and it goes there again on every later attempt.
   * @param name tells decisions of one job apart. Default: `"model-route"`.
   */
  for(context: Memory, name?: string): M;
};

/**
 * Prefers the first model that can do what is asked and goes to the next when it is away: unreachable, its breaker open, its quota
 * spent, or busy for longer than `longestWait`.
 *
 * @example
 * const model = hybrid([limited(ollama.text("llama3.2")), limited(openai.text("gpt-4o-mini"))]);
 * await model.for(context).generate({ messages });
 * @throws `OPTION_INVALID`: no models, models of two kinds, vector spaces that differ.
 */
export function hybrid(models: readonly EmbeddingModel[], options?: HybridOptions): Hybrid<EmbeddingModel>;
export function hybrid(models: readonly TextModel[], options?: HybridOptions): Hybrid<TextModel>;
export function hybrid(
  models: readonly EmbeddingModel[] | readonly TextModel[],
  options: HybridOptions = {},
): Hybrid<EmbeddingModel> | Hybrid<TextModel> {
  const [first] = models;
  if (!first) throw new OptionInvalidError("hybrid(models)", "at least one model", models);
  if (models.some((model) => model["~semel"] !== first["~semel"]))
    throw new OptionInvalidError(
      "hybrid(models)",
      "models of one kind",
      models.map((model) => model["~semel"]),
    );
  const longestWaitMs = toMs(options.longestWait ?? "10s", "hybrid.longestWait");
  const { onDecision } = options;
  if (first["~semel"] === "text-model/1") {
    const all = models as readonly TextModel[];
    const bound = (memory: RouteOptions<TextModel>["memory"]): TextModel =>
      textHybrid(all, { models: all, longestWaitMs, onDecision, memory });
    return withFor(bound);
  }
  const all = models as readonly EmbeddingModel[];
  const space = spaceOf(all, options.spaces);
  const bound = (memory: RouteOptions<EmbeddingModel>["memory"]): EmbeddingModel =>
    embeddingHybrid(all, space, options.spaces, { models: all, longestWaitMs, onDecision, memory });
  return withFor(bound);
}

type Rest<M extends EmbeddingModel | TextModel> = Omit<RouteOptions<M>, "supports">;

function withFor<M extends object>(bound: (memory: { of: Memory; name: string } | undefined) => M): Hybrid<M> {
  return Object.assign(bound(undefined), {
    for: (of: Memory, name = "model-route"): M => bound({ of, name }),
  });
}

function spaceOf(models: readonly EmbeddingModel[], spaces: HybridOptions["spaces"]): string {
  const names = [...new Set(models.map(({ space }) => space))];
  if (names.length === 1) return names[0] as string;
  if (spaces === "separate") return `one of ${names.join(" | ")}`;
  const lengths = new Set(models.flatMap(({ dimensions }) => dimensions ?? []));
  if (spaces === "same" && lengths.size <= 1) return names[0] as string;
  throw new OptionInvalidError(
    "hybrid(models)",
    'embedding models of one vector space, or spaces: "separate", or "same" where dimensions are the same',
    names,
  );
}

function embeddingHybrid(
  models: readonly EmbeddingModel[],
  space: string,
  spaces: HybridOptions["spaces"],
  rest: Rest<EmbeddingModel>,
): EmbeddingModel {
  const first = models[0] as EmbeddingModel;
  const least = (limit: "maxItems" | "maxTokens" | "maxItemTokens"): number =>
    Math.min(...models.map(({ limits }) => limits[limit]));
  const [length, another] = [...new Set(models.map(({ dimensions }) => dimensions))];
  return {
    "~semel": "embedding-model/1",
    ...identity(first),
    isMock: models.some(({ isMock }) => isMock),
    space,
    dimensions: another === undefined ? length : undefined,
    limits: { maxItems: least("maxItems"), maxTokens: least("maxTokens"), maxItemTokens: least("maxItemTokens") },
    countTokens: (text) => Math.max(...models.map((model) => model.countTokens(text))),
    async embed(request: EmbedRequest, call?: ModelCall): Promise<Embeddings> {
      const supports = ({ limits }: EmbeddingModel): boolean =>
        !Array.isArray(request?.texts) || request.texts.length <= limits.maxItems;
      const answer = await route({ ...rest, supports }, (model) => model.embed(request, call));
      return spaces === "separate" ? answer : { ...answer, space };
    },
  };
}

function textHybrid(models: readonly TextModel[], rest: Rest<TextModel>): TextModel {
  const first = models[0] as TextModel;
  const object = (["enforced", "asked"] as const).find((how) => models.some(({ features }) => features.object === how));
  return {
    "~semel": "text-model/1",
    ...identity(first),
    isMock: models.some(({ isMock }) => isMock),
    features: { stream: models.some(({ features }) => features.stream), object: object ?? "none" },
    generate: (request, call) => route({ ...rest, supports: () => true }, (model) => model.generate(request, call)),
    object: (request, call) =>
      route({ ...rest, supports: ({ features }) => features.object !== "none" }, (model) =>
        model.object(request, call),
      ),
    stream: (request, call) => streamed(rest, request, call),
  };
}

/** A stream is decided by its first part: what has been shown cannot be taken back. */
async function* streamed(rest: Rest<TextModel>, request: TextRequest, call?: ModelCall): AsyncGenerator<TextPart> {
  const begun = await route({ ...rest, supports: ({ features }) => features.stream }, async (model) => {
    const parts = model.stream(request, call)[Symbol.asyncIterator]();
    return { parts, first: await parts.next() };
  });
  try {
    for (let next = begun.first; !next.done; next = await begun.parts.next()) yield next.value;
  } finally {
    await begun.parts.return?.();
  }
}

const identity = ({ provider, model, host, credential }: EmbeddingModel | TextModel) => ({
  provider,
  model,
  host,
  credential,
});
