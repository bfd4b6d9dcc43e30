import type { JobContext, Model, ModelErrorCode } from "@semel/core";
import { fallsBack } from "./falls-back.ts";

/** Which model a call went to, and why not to those before it. Free of what was asked. */
export interface Decision {
  readonly provider: string;
  readonly model: string;
  readonly host: string;
  /** Its place in the list: 0 is the preferred one. */
  readonly place: number;
  /** `preferred`: the first that can do it. `fallback`: those before it failed with `after`. `kept`: decided by an earlier call of this job. */
  readonly because: "preferred" | "fallback" | "kept";
  readonly after: readonly ModelErrorCode[];
}

/** Where a job's decision is kept: of the context of a processor. */
export type Memory = Pick<JobContext, "recall" | "remember">;

/** What is kept: by name and not by place, because a deploy may change the list. */
interface Kept {
  readonly provider: string;
  readonly model: string;
  readonly host: string;
}

export interface RouteOptions<M extends Model> {
  readonly models: readonly M[];
  readonly longestWaitMs: number;
  /** Whether it can do what is asked. */
  readonly supports: (model: M) => boolean;
  readonly memory: { readonly of: Memory; readonly name: string } | undefined;
  readonly onDecision: ((decision: Decision) => void) | undefined;
}

/** Goes through the models in their order until one answers, or fails in a way that another must not mend. */
export async function route<M extends Model, T>(options: RouteOptions<M>, ask: (model: M) => Promise<T>): Promise<T> {
  const { models, memory } = options;
  const kept = await memory?.of.recall<Kept>(memory.name);
  const stayed = kept && models.find((model) => isSame(model, kept));
  if (stayed) {
    tell(options, stayed, "kept", []);
    return ask(stayed);
  }
  const able = models.filter(options.supports);
  // Nobody can: the preferred one says best why not.
  const candidates = able.length > 0 ? able : models.slice(0, 1);
  const after: ModelErrorCode[] = [];
  for (const [at, model] of candidates.entries()) {
    // Before it is asked: should the worker die while it is, the next one must not pay another model for the same.
    if (at > 0) await keep(options, model);
    tell(options, model, at === 0 ? "preferred" : "fallback", [...after]);
    try {
      const answer = await ask(model);
      if (at === 0) await keep(options, model);
      return answer;
    } catch (thrown) {
      // What is kept stays: a fallback is the last to be asked of a job that remembers.
      const isLast = at === candidates.length - 1 || (at > 0 && memory !== undefined);
      if (isLast || !fallsBack(thrown, options.longestWaitMs)) throw thrown;
      after.push(thrown.code);
    }
  }
  throw new Error("unreachable: the last candidate answers or throws");
}

async function keep<M extends Model>({ memory }: RouteOptions<M>, { provider, model, host }: M): Promise<void> {
  await memory?.of.remember<Kept>(memory.name, { provider, model, host });
}

function tell<M extends Model>(
  { models, onDecision }: RouteOptions<M>,
  chosen: M,
  because: Decision["because"],
  after: readonly ModelErrorCode[],
): void {
  const { provider, model, host } = chosen;
  try {
    onDecision?.({ provider, model, host, place: models.indexOf(chosen), because, after });
  } catch {
    // Whoever listens changes nothing.
  }
}

const isSame = (model: Model, kept: Kept): boolean =>
  model.provider === kept.provider && model.model === kept.model && model.host === kept.host;
