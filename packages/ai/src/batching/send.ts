import { createHash } from "node:crypto";
import {
  type Duration,
  duration,
  type EmbeddingModel,
  type Embeddings,
  type ModelCall,
  ModelError,
  type ModelErrorCode,
  type Usage,
} from "@semel/core";
import { toMs } from "@semel/core/adapter";
import { tellLimits } from "../listeners.ts";
import { type Caller, type Item, invalidAnswer } from "./item.ts";
import { splitUsage } from "./split-usage.ts";

/** What one text can be guilty of for all. */
const ofOneText: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "MODEL_INPUT_INVALID",
  "MODEL_INPUT_TOO_LONG",
  "MODEL_REQUEST_REFUSED",
  "MODEL_CONTENT_BLOCKED",
]);
/** So many texts refused one by one, and none taken: it is not the texts that are refused. */
const refusedInARow = 8;

/** What halves of one batch know of each other. */
export interface Found {
  taken: number;
  refused: number;
}

/**
 * Sends what is left of a batch, and settles every item. Where the provider refuses it for what one text says, the batch is halved
 * until that text is alone with its refusal. Never throws.
 */
export async function send(
  model: EmbeddingModel,
  batch: readonly Item[],
  found: Found = { taken: 0, refused: 0 },
): Promise<Found> {
  const items = batch.filter(({ owner }) => !owner.isOver);
  if (items.length === 0) return found;
  const owners = ownersOf(items);
  for (const [owner, tokens] of owners) owner.sent(tokens);
  let told: Usage | undefined;
  const stop = new AbortController();
  const callers = [...owners.keys()];
  const deaf = callers.map((owner) =>
    owner.onOver(() => {
      if (callers.every(({ isOver }) => isOver)) stop.abort(new Error("nobody waits for this request any more"));
    }),
  );
  let isCharged = false;
  const charge = (usage: Usage): void => {
    if (isCharged) return;
    isCharged = true;
    const shares = splitUsage(usage, [...owners.values()]);
    for (const [at, [owner, tokens]] of [...owners].entries()) owner.charge(shares[at] as Usage, tokens);
  };
  let isRefused = false;
  try {
    const answer = await model.embed(
      { texts: items.map(({ text }) => text) },
      {
        ...callFor(items, callers),
        signal: stop.signal,
        onUsage: (usage) => {
          told = usage;
        },
      },
    );
    charge(told ?? answer.usage);
    const wrong = wrongWith(answer, model, items.length);
    if (wrong) throw invalidAnswer(answer, wrong, answer.usage);
    found.taken += items.length;
    const { vectors, usage: _, ...shared } = answer;
    for (const [at, { owner, index }] of items.entries()) owner.settle(index, vectors[at] as Float32Array, shared);
  } catch (thrown) {
    const error = ModelError.isInstance(thrown) ? thrown : undefined;
    charge(told ?? error?.usage ?? { certainty: "unknown" });
    const isOfOne = error !== undefined && ofOneText.has(error.code) && isAboutInput(error);
    if (items.length === 1) found.refused++;
    const isOfAll = found.taken === 0 && found.refused >= refusedInARow;
    isRefused = isOfOne && items.length > 1 && !isOfAll;
    if (!isRefused) for (const { owner } of items) owner.fail(thrown);
  } finally {
    for (const listenNoMore of deaf) listenNoMore();
  }
  if (!isRefused) return found;
  const half = items.length >> 1;
  await send(model, items.slice(0, half), found);
  return send(model, items.slice(half), found);
}

/** 401, 403, 404 and the like are about who asks, and for what. */
const isAboutInput = ({ status }: ModelError): boolean =>
  status === undefined || status === 400 || status === 413 || status === 422 || status >= 500 || status === 200;

/** Tokens of each caller's part of a request. */
function ownersOf(items: readonly Item[]): Map<Caller, number> {
  const owners = new Map<Caller, number>();
  for (const { owner, tokens } of items) owners.set(owner, (owners.get(owner) ?? 0) + tokens);
  return owners;
}

/** What a request is told: what its callers agree on, and nothing that only some of them said. */
function callFor(items: readonly Item[], callers: readonly Caller[]): ModelCall {
  const tenants = new Set(callers.map(({ call }) => call.tenant));
  const timeouts = callers.map(({ call }) => call.timeout);
  const isListening = callers.some(({ call }) => call.onLimits !== undefined);
  return {
    key: keyFor(items, callers),
    tenant: tenants.size === 1 ? callers[0]?.call.tenant : undefined,
    // The most patient caller's; the others have timers of their own.
    timeout: timeouts.includes(undefined) ? undefined : longest(timeouts as Duration[]),
    onLimits: isListening ? (limits) => callers.forEach(({ call }) => void tellLimits(call, limits)) : undefined,
  };
}

/**
 * One whole call keeps its key. A batch has a key only if each of its calls has: made of their keys and texts in their order, so that
 * only the very same request has it again.
 */
function keyFor(items: readonly Item[], callers: readonly Caller[]): string | undefined {
  if (callers.some(({ call }) => call.key === undefined)) return undefined;
  const [only, another] = callers;
  if (only && !another && only.count === items.length) return only.call.key;
  const hash = createHash("sha256");
  for (const { owner, index, text } of items) hash.update(JSON.stringify([owner.call.key, index, text]));
  return hash.digest("base64url").slice(0, 32);
}

function longest(timeouts: readonly Duration[]): Duration {
  return duration(`${Math.max(...timeouts.map((timeout) => toMs(timeout, "timeout")))}ms`);
}

/** Why an answer must not be handed on; `undefined`: it is as the port promises. */
function wrongWith({ vectors, space }: Embeddings, { dimensions }: EmbeddingModel, count: number): string | undefined {
  if (vectors?.length !== count)
    return `expected ${count} vectors, one for each text, got ${vectors?.length ?? "none"}`;
  const length = dimensions ?? vectors[0]?.length ?? 0;
  if (length === 0) return "expected vectors, got empty ones";
  if (typeof space !== "string") return "expected the vector space to be named";
  for (const vector of vectors) {
    if (vector?.length !== length)
      return `expected vectors of ${length} numbers, got one of ${vector?.length ?? "none"}`;
    if (vector.some((number) => !Number.isFinite(number))) return "expected finite numbers, got others";
    if (vector.every((number) => number === 0)) return "expected vectors, got one of zeros";
  }
  return undefined;
}
