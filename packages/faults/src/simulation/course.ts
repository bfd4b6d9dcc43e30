import type { Answer, EpochMs, Operation } from "@semel/core/adapter";
import { type Chance, chance } from "./chance.ts";
import { drawPlan, type Plan, type Policy } from "./plan.ts";
import { Referee, type Verdict } from "./referee.ts";
import type { Life } from "./wish.ts";
import { lastLook, queue, repeat, reserveOf, type Scene, type Worker } from "./work.ts";

/** What takes longer than this has lost its way. */
const longestMs = 6 * 3_600_000;
/** The time moves in steps of this: what is due within one is asked at once. */
export const tickMs = 500;

interface Living {
  readonly life: Life;
  readonly worker: Worker | undefined;
  wakeAt: EpochMs;
  answer: Answer | undefined;
}

interface Asked {
  readonly by: Living;
  readonly operation: Operation;
}

/** One piece of work from its first enqueue to its end: who lives, and when each goes on. */
export class Course implements Scene {
  readonly key: string;
  readonly id: string;
  readonly plan: Plan;
  readonly policy: Policy;
  readonly chance: Chance;
  readonly referee: Referee = new Referee();
  readonly #beganAt: EpochMs;
  #living: Living[] = [];
  #asked: Asked[] = [];
  #now: EpochMs;
  #state: "going" | "looking" | "over" = "going";
  #verdict: Verdict | undefined;
  /** Of all questions and answers, to compare machines by. */
  trace = 2_166_136_261;

  constructor(key: string, seed: number, policy: Policy, now: EpochMs) {
    this.key = key;
    this.id = `${key}.first`;
    this.policy = policy;
    this.chance = chance(seed);
    this.plan = drawPlan(this.chance);
    this.#beganAt = now;
    this.#now = now;
    this.begin(this.#enqueue());
  }

  /** Enqueued until it is certain; then the queue has it, perhaps more than once, and others enqueue the same. */
  *#enqueue(): Life {
    while (!(yield { do: "ask", operation: reserveOf(this) }));
    for (const [index, at] of this.plan.deliveries.entries()) {
      const dueAt = this.#now + at;
      this.begin(queue(this, { name: `w${index}`, isDone: false, dueAt, holder: undefined }));
    }
    for (const [index, at] of this.plan.repeats.entries()) this.begin(repeat(this, this.#now + at, `repeat-${index}`));
  }

  now(): EpochMs {
    return this.#now;
  }

  begin(life: Life, worker?: Worker): void {
    this.#living.push({ life, worker, wakeAt: this.#now, answer: undefined });
  }

  /** When somebody goes on next; `undefined` when everything is over. */
  get nextAt(): EpochMs | undefined {
    if (this.#state === "over") return undefined;
    return this.#living.reduce((least, { wakeAt }) => Math.min(least, wakeAt), Number.POSITIVE_INFINITY);
  }

  /** Everybody who is due goes on, in any order, until they ask, wait or end. */
  ask(now: EpochMs): readonly Operation[] {
    this.#now = now;
    if (now - this.#beganAt > longestMs) {
      this.referee.broken.push("it went on for ever");
      this.#living = [];
    }
    for (;;) {
      const due = this.#living.filter(({ wakeAt }) => wakeAt <= now);
      if (due.length === 0) break;
      const inAnyOrder = due.length > 1 ? this.chance.shuffled(due) : due;
      for (const one of inAnyOrder) if (this.#living.includes(one)) this.#goOn(one);
    }
    if (this.#living.length === 0) this.#state = "looking";
    return this.#state === "looking" ? [lastLook(this)] : this.#asked.map(({ operation }) => operation);
  }

  #goOn(one: Living): void {
    const { life, worker } = one;
    if (worker && worker.pausedUntil > this.#now) {
      one.wakeAt = worker.pausedUntil;
      return;
    }
    const { answer } = one;
    one.answer = undefined;
    const { done, value: wish } = life.next(answer);
    if (done) return this.#leave(one);
    switch (wish.do) {
      case "wait":
        one.wakeAt = this.#now + Math.max(wish.ms, 1);
        return;
      case "pause":
        one.wakeAt = this.#now + wish.ms;
        if (worker) worker.pausedUntil = one.wakeAt;
        return;
      case "die":
        if (worker) this.referee.died(worker.owner);
        this.#living = this.#living.filter((other) => other !== one && other.worker !== worker);
        this.#asked = this.#asked.filter(({ by }) => by.worker !== worker);
        return;
      case "ask": {
        // Out of reach, or lost on the way: nobody hears it.
        one.wakeAt = this.#now + this.chance.between(1_000, 5_000);
        const isHeard = (worker?.awayUntil ?? 0) <= this.#now && !this.chance.happens(this.plan.lossiness);
        if (!isHeard) return;
        one.wakeAt = Number.POSITIVE_INFINITY;
        this.#asked.push({ by: one, operation: wish.operation });
      }
    }
  }

  #leave(one: Living): void {
    this.#living = this.#living.filter((other) => other !== one);
  }

  /** What the machine answered, in the order in which it was asked. */
  tell(answers: readonly Answer[]): void {
    if (this.#state === "looking") {
      this.#verdict = this.referee.verdict(answers[0] ?? { is: "gone" }, this.#now);
      this.#state = "over";
      return;
    }
    const asked = this.#asked;
    this.#asked = [];
    for (const [index, { by, operation }] of asked.entries()) {
      const answer = answers[index];
      if (!answer) throw new Error(`no answer to ${operation.op}`);
      this.#remember(operation, answer);
      this.referee.saw(operation, answer, this.#now);
      const isLost = this.chance.happens(this.plan.lossiness);
      by.answer = isLost ? undefined : answer;
      by.wakeAt = this.#now + (isLost ? this.chance.between(1_000, 5_000) : this.chance.between(1, 300));
    }
  }

  #remember({ op }: Operation, answer: Answer): void {
    const fence = "fence" in answer ? answer.fence : 0;
    const text = `${op} ${answer.is} ${fence}`;
    for (let at = 0; at < text.length; at++) this.trace = Math.imul(this.trace ^ text.charCodeAt(at), 16_777_619) >>> 0;
  }

  get verdict(): Verdict {
    if (!this.#verdict) throw new Error("it is not over");
    return this.#verdict;
  }
}
