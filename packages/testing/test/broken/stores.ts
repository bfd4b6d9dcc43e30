import type * as Port from "@semel/core/adapter";
import { MemoryStore } from "@semel/core/memory";
import { throughJson } from "./queues.ts";

/*
 * Stores that break one promise each, quietly enough that everything else about them is in order.
 */

/** Applies operations one by one, so that a breach can look at each before and after. */
abstract class OneByOne extends MemoryStore {
  override async apply<const Ops extends readonly Port.Operation[]>(operations: Ops): Promise<Port.AnswersTo<Ops>> {
    const answers: Port.Answer[] = [];
    for (const operation of operations) answers.push(await this.one(operation));
    return answers as unknown as Port.AnswersTo<Ops>;
  }

  /** Overridden by the breach. */
  protected async one(operation: Port.Operation): Promise<Port.Answer> {
    return this.honest(operation);
  }

  protected async honest(operation: Port.Operation): Promise<Port.Answer> {
    const [answer] = await super.apply([operation]);
    return answer;
  }

  protected async standing(key: Port.GuardKey): Promise<Port.JobRecord | undefined> {
    return (await this.read([key]))[0];
  }
}

/** Whoever claims a running job is given it, lease or no lease. */
export class IgnoresTheLease extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    if (answer.is !== "busy") return answer;
    const { key } = operation;
    const { owner = "", fence = 0 } = (await this.standing(key)) ?? {};
    await this.honest({
      ...{ op: "settle", key, owner, fence },
      as: { state: "retrying", counts: "nothing", delayMs: 0, error: undefined },
    });
    return this.honest(operation);
  }
}

/** Renewals and settlements count also from a worker that was taken over from. */
export class LetsStaleFencesThrough extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    if (answer.is !== "lost" || answer.state !== "running") return answer;
    if (operation.op !== "renew" && operation.op !== "settle") return answer;
    const { owner = "", fence = 0 } = (await this.standing(operation.key)) ?? {};
    return this.honest({ ...operation, owner, fence });
  }
}

/** What went wrong is lost on the way to the record. */
export class DropsTheError extends OneByOne {
  protected override one(operation: Port.Operation): Promise<Port.Answer> {
    if (operation.op !== "settle" || !("error" in operation.as)) return this.honest(operation);
    return this.honest({ ...operation, as: { ...operation.as, error: undefined } });
  }
}

/** The error in a letter loses its cause. */
export class DropsTheCause extends OneByOne {
  protected override one(operation: Port.Operation): Promise<Port.Answer> {
    if (operation.op !== "settle" || operation.as.state !== "dead") return this.honest(operation);
    const { letter } = operation.as;
    const body = JSON.stringify(JSON.parse(letter.body), (field, value) => (field === "cause" ? undefined : value));
    return this.honest({ ...operation, as: { ...operation.as, letter: { ...letter, body } } });
  }
}

/** Memos are kept for one attempt only. */
export class ForgetsSteps extends OneByOne {
  protected override one(operation: Port.Operation): Promise<Port.Answer> {
    if (operation.op !== "step-begin" && operation.op !== "step-end") return this.honest(operation);
    return this.honest({ ...operation, step: `${operation.step} of ${operation.fence}` });
  }
}

/** Every enqueue is a job of its own. */
export class LetsDuplicatesThrough extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    return answer.is === "duplicate" ? { is: "created", createdAt: 0 } : answer;
  }
}

/** The worker of a job that is to be cancelled never hears of it. */
export class KeepsCancelsToItself extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    return answer.is === "held" ? { ...answer, cancelRequested: undefined } : answer;
  }
}

/** What dead work leaves to be done is forgotten. */
export class DropsFollowUpsOfTheDead extends OneByOne {
  protected override one(operation: Port.Operation): Promise<Port.Answer> {
    if (operation.op !== "settle" || operation.as.state !== "dead") return this.honest(operation);
    return this.honest({ ...operation, as: { ...operation.as, followUps: undefined } });
  }
}

/** How often work was brought back is not remembered. */
export class DoesNotCountRedrives extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    return answer.is === "acquired" ? { ...answer, redrives: 0 } : answer;
  }
}

/** A worker that puts its job back when it shuts down has used up an attempt. */
export class CountsReleases extends OneByOne {
  readonly #released = new Map<Port.GuardKey, number>();

  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    const isRelease =
      operation.op === "settle" && operation.as.state === "retrying" && operation.as.counts === "nothing";
    const released = this.#released.get(operation.key) ?? 0;
    if (isRelease && answer.is === "settled") this.#released.set(operation.key, released + 1);
    return answer.is === "acquired" ? { ...answer, attempt: answer.attempt + released } : answer;
  }
}

/** A result goes through a JSON parser on its way, as it does in a `jsonb` column. */
export class ReadsResults extends MemoryStore {
  override async result(key: Port.GuardKey): Promise<Port.StoredValue | undefined> {
    const stored = await super.result(key);
    return stored && throughJson(stored);
  }
}

/** Every page of letters is the first. */
export class ListsTheFirstPageOnly extends MemoryStore {
  override list(filter: Port.LetterFilter, page: { readonly limit: number }): Promise<readonly Port.StoredLetter[]> {
    return super.list(filter, { limit: page.limit });
  }
}

/** Workers that went silent stay on the list. */
export class NeverForgetsWorkers extends MemoryStore {
  override beat(worker: Port.WorkerBeat, keepMs: number): Promise<number> {
    return super.beat(worker, keepMs && 86_400_000);
  }
}

/** Sweeps everything at once, however much that is. */
export class SweepsWithoutLimit extends MemoryStore {
  override sweep(): Promise<number> {
    return super.sweep(Number.POSITIVE_INFINITY);
  }
}

/** Erases records and leaves their letters. */
export class LeavesLettersBehind extends MemoryStore {
  readonly #erased: Port.StoredLetter[] = [];

  override async forget(filter: { readonly tenant: string } | { readonly key: Port.GuardKey }): Promise<number> {
    const before = await super.list({}, { limit: 1_000 });
    const forgotten = await super.forget(filter);
    const after = new Set((await super.list({}, { limit: 1_000 })).map(({ id }) => id));
    this.#erased.push(...before.filter(({ id }) => !after.has(id)));
    return forgotten;
  }

  override async get(id: Port.JobId): Promise<Port.StoredLetter | undefined> {
    return (await super.get(id)) ?? this.#erased.find((letter) => letter.id === id);
  }
}

/** A key asked for twice is answered once. */
export class ReadsEachKeyOnce extends MemoryStore {
  override read(keys: readonly Port.GuardKey[]): Promise<readonly (Port.JobRecord | undefined)[]> {
    return super.read([...new Set(keys)]);
  }
}

/** Dead work is remembered no longer than its letter asks for. */
export class ForgetsTheDeadEarly extends OneByOne {
  protected override one(operation: Port.Operation): Promise<Port.Answer> {
    if (operation.op !== "settle" || operation.as.state !== "dead") return this.honest(operation);
    return this.honest({ ...operation, as: { ...operation.as, keepMs: 0 } });
  }
}

/** The end of a step that was recorded is refused when it is sent again. */
export class RefusesReSends extends OneByOne {
  readonly #recorded = new Set<string>();

  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    if (operation.op !== "step-end" || answer.is !== "recorded") return answer;
    const end = JSON.stringify(operation);
    if (this.#recorded.has(end)) return { is: "stale" };
    this.#recorded.add(end);
    return answer;
  }
}

/** Whoever asks about an uncertain step has begun it. */
export class TakesStepsOverByAsking extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    const answer = await this.honest(operation);
    if (operation.op === "step-begin" && answer.is === "uncertain")
      await this.honest({ ...operation, onUncertain: "begin" });
    return answer;
  }
}

/** A step can be decided while its job runs, and whoever runs it is none the wiser. */
export class DecidesForTheLiving extends OneByOne {
  protected override async one(operation: Port.Operation): Promise<Port.Answer> {
    if (operation.op !== "step-decide") return this.honest(operation);
    const { owner = "", fence = 0, state } = (await this.standing(operation.key)) ?? {};
    if (state !== "running") return this.honest(operation);
    const { key, step, as } = operation;
    return this.honest({ op: "step-end", key, owner, fence, step, as });
  }
}

/** Thirty days are enough for everybody. */
export class ForgetsAfterAMonth extends OneByOne {
  protected override one(operation: Port.Operation): Promise<Port.Answer> {
    const month = 30 * 86_400_000;
    if (operation.op !== "settle" || operation.as.state !== "completed") return this.honest(operation);
    return this.honest({ ...operation, as: { ...operation.as, keepMs: Math.min(operation.as.keepMs, month) } });
  }
}
