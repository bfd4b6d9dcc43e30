import type { Answer, EpochMs, Operation } from "@semel/core/adapter";
import { leaseMs } from "./plan.ts";

type OpOf<Op extends Operation["op"]> = Extract<Operation, { op: Op }>;

/** One time that a step had its effect, and what its worker went through between beginning and recording it. */
export interface Effect {
  readonly step: string;
  readonly owner: string;
  /** What its worker would record. */
  readonly value: string;
  /** The worker's last word to the store before it, or since. */
  heardAt: EpochMs;
  /** The longest time in which the store heard nothing of the worker. Milliseconds. */
  silentMs: number;
  /** As `out`: the record came too late, or never. */
  fate: "open" | "recorded" | "out";
  crashed: boolean;
}

/** What one piece of work came to. */
export interface Verdict {
  readonly effects: number;
  /** More than one of a step. */
  readonly repeated: number;
  /** Repeated because a worker died between effect and record. */
  readonly byCrash: number;
  /** Repeated because a worker lost contact for longer than its lease between beginning and record. */
  readonly byLostContact: number;
  /** Writes under an old fence, and how many of those were accepted. */
  readonly staleWrites: number;
  readonly staleAccepted: number;
  readonly takeOvers: number;
  readonly results: number;
  readonly broken: readonly string[];
}

/**
 * Watches over one piece of work from outside: it sees every operation in the order in which it took effect, with its
 * answer, and every effect. It does not know how the machine decides; it knows what must be true.
 */
export class Referee {
  readonly broken: string[] = [];
  readonly #effects: Effect[] = [];
  readonly #memos = new Map<string, string>();
  readonly #results = new Set<string>();
  readonly #begunAt = new Map<string, EpochMs>();
  #fence = 0;
  #holder: string | undefined;
  #leaseUntil: EpochMs = 0;
  #settledAs: string | undefined;
  #failures = 0;
  #takeOvers = 0;
  #staleWrites = 0;
  #staleAccepted = 0;
  #replays = 0;

  /** What the machine answered. Whether the answer arrives is another matter. */
  saw(operation: Operation, answer: Answer, now: EpochMs): void {
    if ("fence" in operation) this.#written(operation, answer);
    switch (operation.op) {
      case "claim":
        return this.#claimed(operation, answer as Extract<Answer, { now: EpochMs }>, now);
      case "renew":
        return void (answer.is === "held" && this.#heard(operation.owner, now));
      case "step-begin":
        return this.#begun(operation, answer, now);
      case "step-end":
        return this.#ended(operation, answer, now);
      case "settle":
        return this.#settled(operation, answer);
      case "reserve":
        return this.#reserved(answer);
    }
  }

  /** The world outside has felt it. */
  effect(step: string, owner: string, value: string): void {
    const begunAt = this.#begunAt.get(`${owner} ${step}`) ?? 0;
    this.#effects.push({ step, owner, value, heardAt: begunAt, silentMs: 0, fate: "open", crashed: false });
  }

  /** Somebody asks the world outside whether a step has had its effect, and which. */
  found(step: string): string | undefined {
    return this.#effects.find((effect) => effect.step === step)?.value;
  }

  died(owner: string): void {
    for (const effect of this.#effects) if (effect.owner === owner && effect.fate === "open") effect.crashed = true;
  }

  #written(operation: Extract<Operation, { fence: number }>, answer: Answer): void {
    // A step's end is judged by its intent: an effect is a fact, however late.
    if (operation.op === "step-end" || operation.fence >= this.#fence) return;
    this.#staleWrites += 1;
    if (answer.is === "lost" || answer.is === "already") return;
    this.#staleAccepted += 1;
    this.#breaks(`${operation.op} was accepted under a stale fence`);
  }

  #claimed({ owner }: OpOf<"claim">, answer: Extract<Answer, { now: EpochMs }>, now: EpochMs): void {
    if (answer.is !== "acquired") return;
    if (this.#settledAs) this.#breaks(`it was claimed after it had been settled as ${this.#settledAs}`);
    const isResend = owner === this.#holder && answer.fence === this.#fence;
    if (!isResend) {
      if (answer.fence <= this.#fence) this.#breaks("a fence did not grow");
      if (this.#holder !== undefined) {
        this.#takeOvers += 1;
        if (now < this.#leaseUntil) this.#breaks("it was claimed while another held its lease");
      }
      this.#holder = owner;
      this.#fence = answer.fence;
    }
    if (answer.crashes !== this.#takeOvers)
      this.#breaks("crashes counted are not the workers that were taken over from");
    if (answer.attempt !== this.#failures + 1) this.#breaks("an attempt is not the failures so far and one");
    this.#heard(owner, now);
  }

  #begun({ owner, step }: OpOf<"step-begin">, answer: Answer, now: EpochMs): void {
    if (answer.is === "lost") return;
    this.#heard(owner, now);
    const memo = this.#memos.get(step);
    if (answer.is === "memo" && answer.value !== memo) this.#breaks("a memo is not what was recorded");
    if (answer.is === "run" && memo !== undefined) this.#breaks("a recorded step was to run again");
    if (answer.is === "run") this.#begunAt.set(`${owner} ${step}`, now);
  }

  #ended({ owner, step, as }: OpOf<"step-end">, answer: Answer, now: EpochMs): void {
    if (as.is !== "done") return;
    const own = this.#effects.find((effect) => effect.owner === owner && effect.step === step);
    if (own?.fate === "open") {
      own.silentMs = Math.max(own.silentMs, now - own.heardAt);
      own.fate = answer.is === "recorded" ? "recorded" : "out";
    }
    if (answer.is !== "recorded") return;
    const memo = this.#memos.get(step);
    if (memo !== undefined && memo !== as.value) this.#breaks("a memo was replaced");
    this.#memos.set(step, as.value);
  }

  #settled({ as, owner }: OpOf<"settle">, answer: Answer): void {
    if (answer.is !== "settled" || this.#holder !== owner) return;
    this.#holder = undefined;
    if (as.state === "retrying") this.#failures += as.counts === "attempt" ? 1 : 0;
    else this.#settledAs = as.state;
    if (as.state === "completed" && as.result !== undefined) this.#results.add(as.result);
  }

  #reserved(answer: Answer): void {
    if (answer.is === "replayed") {
      this.#replays += 1;
      if (answer.result === undefined || !this.#results.has(answer.result))
        this.#breaks("a repeat was not answered with the result on record");
    }
    if (answer.is === "created" && this.#fence > 0) this.#breaks("work that had been claimed was created anew");
  }

  /** The store has heard of whoever holds the lease, and counts it anew. */
  #heard(owner: string, now: EpochMs): void {
    if (owner !== this.#holder) return;
    this.#leaseUntil = now + leaseMs;
    for (const effect of this.#effects) {
      if (effect.owner !== owner || effect.fate !== "open") continue;
      effect.silentMs = Math.max(effect.silentMs, now - effect.heardAt);
      effect.heardAt = now;
    }
  }

  #breaks(what: string): void {
    this.broken.push(what);
  }

  /**
   * Everything is over.
   * @param end what a last look at the record answered
   */
  verdict(end: Answer, now: EpochMs): Verdict {
    // Whoever never got through to record it was out of reach until now.
    for (const effect of this.#effects)
      if (effect.fate === "open") effect.silentMs = Math.max(effect.silentMs, now - effect.heardAt);
    if (this.#settledAs === undefined) this.#breaks("it never ended");
    const isSame = end.is === "replayed" ? "completed" : "state" in end ? end.state : end.is;
    if (isSame !== this.#settledAs) this.#breaks(`settled as ${this.#settledAs}, on record as ${isSame}`);
    if (this.#results.size > 1) this.#breaks("two results were settled");
    let [repeated, byCrash, byLostContact] = [0, 0, 0];
    for (const [step, all] of Map.groupBy(this.#effects, (effect) => effect.step)) {
      const memo = this.#memos.get(step);
      // The effect whose value stands is the one; of those that left no record, the first.
      const standing = all.find((effect) => effect.value === memo) ?? all[0];
      for (const effect of all) {
        if (effect === standing) continue;
        repeated += 1;
        if (effect.crashed) byCrash += 1;
        else if (effect.silentMs >= leaseMs) byLostContact += 1;
        else this.#breaks("an effect was repeated without a crash or a loss of contact between it and its record");
      }
    }
    return {
      effects: this.#effects.length,
      repeated,
      byCrash,
      byLostContact,
      staleWrites: this.#staleWrites,
      staleAccepted: this.#staleAccepted,
      takeOvers: this.#takeOvers,
      results: this.#replays,
      broken: this.broken,
    };
  }
}
