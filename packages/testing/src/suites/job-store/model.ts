import type { Answer, EpochMs, Operation } from "@semel/core/adapter";
import { expect } from "vitest";
import { type Command, isByOwner, type Verb } from "./model-commands.ts";
import * as make from "./operations.ts";
import { senseOf } from "./sense.ts";
import type { StoreStage } from "./stage.ts";

/** What is known of a key from the answers seen so far. */
class Seen {
  readonly job: make.Job;
  fence = 0;
  holder: string | undefined;
  /** Who acquired it last, and may have lost or settled it since. */
  lastOwner = "owner-0";
  leaseUntil: EpochMs = 0;
  /** The latest time an answer told. */
  now: EpochMs = 0;
  generation = 0;
  failures = 0;
  result: { readonly generation: number; readonly value: string } | undefined;
  /** By generation and name. */
  readonly memos = new Map<string, string>();

  constructor(job: make.Job) {
    this.job = job;
  }
}

/** A holder that holds nothing claims first: otherwise most of what is drawn would be refused, and little be learned. */
const verbOf = ({ does, owner }: Command, { holder }: Seen): Verb =>
  isByOwner(does) && owner === "holder" && holder === undefined ? "claim" : does;

/**
 * Does what it is told to a store, every operation twice, and holds each answer against what must be true of any store
 * at any time. It does not predict answers: a server's clock cannot be turned, so what it answers is its own to say.
 */
export class Model {
  readonly #stage: StoreStage;
  readonly #keys: readonly [Seen, Seen];
  /** The fence under which each owner last acquired each key; it may have lost it since. */
  readonly #fences = new Map<string, number>();
  #count = 0;

  constructor(stage: StoreStage) {
    this.#stage = stage;
    this.#keys = [new Seen(stage.job()), new Seen(stage.job())];
  }

  async run(command: Command): Promise<void> {
    const { time } = this.#stage;
    // No two commands in one millisecond, so that the instants in the answers put them in order.
    await time.pass(command.does === "pass" ? time.shortMs + 5 : 1);
    if (command.does === "pass") return;
    const seen = this.#keys[command.key];
    // A step is mostly begun before it ends.
    if (command.does === "step-end" && command.owner === "holder") await this.run({ ...command, does: "step-begin" });
    const operation = await this.#operation(command, seen);
    const [first, second] = await this.#stage.store.apply([operation, operation]);
    this.#check(seen, operation, first);
    // A delay or lease may end between the two.
    if (first.is !== second.is) this.#check(seen, operation, second);
    this.#sameSense(operation, first, second);
    await this.#checkRecord(seen);
  }

  async #operation(command: Command, seen: Seen): Promise<Operation> {
    const { job } = seen;
    const owner = command.owner === "holder" ? seen.lastOwner : `owner-${command.owner}`;
    const standing = await this.#stage.record(job);
    const id = command.id === "standing" ? (standing?.id ?? job.id) : make.idOf(job.key, `id-${command.id}`);
    const named = { ...job, id };
    const leaseMs = command.lease === "short" ? this.#stage.time.shortMs : 600_000;
    const held: make.Held = { key: job.key, owner, fence: this.#fences.get(`${owner} of ${job.key}`) ?? 1 };
    const unique = `"${++this.#count}"`;
    switch (verbOf(command, seen)) {
      case "reserve":
        return make.reserve(named, { onDead: command.flag ? "rerun" : "keep" });
      case "reserve-by-force":
        return make.reserve(named, { force: true });
      case "unreserve":
        return make.unreserve(named);
      case "renew":
        return make.renew(held, { leaseMs });
      case "complete":
        return make.settle(held, make.completed(unique));
      case "retry":
        return make.settle(held, make.retrying({ delayMs: command.flag ? this.#stage.time.shortMs : 0 }));
      case "defer":
        return make.settle(
          held,
          make.retrying(
            command.flag ? { counts: "deferral" } : { counts: "nothing", waiting: { total: 2, ended: 1, failed: 0 } },
          ),
        );
      case "die":
        return make.settle(held, make.dead());
      case "cancel":
        return make.cancel(named);
      case "redrive":
        return make.redrive(named, `again-${this.#count}`, { steps: command.flag ? "keep" : "fresh" });
      case "step-begin":
        return make.stepBegin(held, command.step, { leaseMs, onUncertain: command.flag ? "begin" : "ask" });
      case "step-end":
        // One run of a step has one value, however often it is sent.
        return make.stepDone(held, command.step, `"${command.step} under ${held.fence}"`);
      case "step-decide":
        return make.stepDecided(named, command.step, command.flag ? { is: "done", value: unique } : { is: "undone" });
      case "step-undo":
        return make.stepUndone(held, command.step);
      default:
        return make.claim(named, owner, { leaseMs, maxCrashes: 100 });
    }
  }

  #sameSense(operation: Operation, first: Answer, second: Answer): void {
    const timePassed = (first.is === "busy" || first.is === "not-yet") && second.is === "acquired";
    if (!timePassed)
      expect(senseOf(operation, second), `${operation.op} sent twice`).toEqual(senseOf(operation, first));
  }

  #check(seen: Seen, operation: Operation, answer: Answer): void {
    if ("now" in answer) seen.now = answer.now;
    if (operation.op === "claim" && answer.is === "acquired") return this.#acquired(seen, operation, answer);
    if ("fence" in operation && operation.op !== "step-end") this.#write(seen, operation, answer);
    if (operation.op === "reserve" && answer.is === "created") this.#introduced(seen);
    if (operation.op === "redrive" && answer.is === "redriven") this.#introduced(seen);
    const isEnd = operation.op === "step-end" || operation.op === "step-decide";
    if (isEnd && operation.as.is === "done" && answer.is === "recorded") {
      const step = `${seen.generation} ${operation.step}`;
      expect(seen.memos.get(step) ?? operation.as.value, "a memo is never replaced").toBe(operation.as.value);
      seen.memos.set(step, operation.as.value);
    }
  }

  /** Nobody holds it, and its attempts are counted afresh. */
  #introduced(seen: Seen): void {
    seen.holder = undefined;
    seen.failures = 0;
  }

  #acquired(
    seen: Seen,
    operation: Extract<Operation, { op: "claim" }>,
    answer: Extract<Answer, { is: "acquired" }>,
  ): void {
    const { owner, key, leaseMs } = operation;
    const isResend = answer.fence === seen.fence && owner === seen.holder;
    if (!isResend) {
      expect(answer.fence, "fences strictly grow").toBeGreaterThan(seen.fence);
      if (seen.holder !== undefined)
        expect(answer.now, "one owner holds at a time").toBeGreaterThanOrEqual(seen.leaseUntil);
      // Forgotten work begins again at 0; what it left behind is forgotten with it.
      if (answer.generation < seen.generation) seen.memos.clear();
      seen.leaseUntil = answer.now + leaseMs;
    }
    expect(answer.attempt, "an attempt is the failures so far and one").toBe(seen.failures + 1);
    seen.fence = answer.fence;
    seen.holder = owner;
    seen.lastOwner = owner;
    seen.generation = answer.generation;
    this.#fences.set(`${owner} of ${key}`, answer.fence);
  }

  /** A write by whoever says to hold the lease. */
  #write(seen: Seen, operation: Extract<Operation, { fence: number }>, answer: Answer): void {
    if (answer.is === "lost" || answer.is === "already") return;
    expect(operation.fence, `${operation.op} is accepted under the newest fence only`).toBe(seen.fence);
    if (operation.op === "settle") return this.#settled(seen, operation, answer);
    expect(operation.owner, `${operation.op} is accepted from the holder only`).toBe(seen.holder);
    if (operation.op === "step-begin") {
      const memo = seen.memos.get(`${seen.generation} ${operation.step}`);
      if (memo !== undefined) expect(answer, "a memo answers for its step").toEqual({ is: "memo", value: memo });
      else expect(answer.is, "without a memo").not.toBe("memo");
    }
    // The beginning of a step tells no time: the lease lasts at least as long from the latest time known.
    if ("leaseMs" in operation) seen.leaseUntil = seen.now + operation.leaseMs;
  }

  #settled(seen: Seen, operation: Extract<Operation, { op: "settle" }>, answer: Answer): void {
    // Settled before under this fence: told again, and nothing else.
    if (seen.holder === undefined) return;
    expect(operation.owner, "only the holder settles").toBe(seen.holder);
    seen.holder = undefined;
    const state = "state" in answer ? answer.state : undefined;
    if (operation.as.state === "retrying" && state === "retrying" && operation.as.counts === "attempt") seen.failures++;
    if (operation.as.state === "completed")
      seen.result = { generation: seen.generation, value: operation.as.result ?? "" };
  }

  /** A reservation that was given back takes along what was left of earlier runs. */
  #forgotten(seen: Seen): void {
    this.#introduced(seen);
    seen.memos.clear();
  }

  async #checkRecord(seen: Seen): Promise<void> {
    const { job, result } = seen;
    const record = await this.#stage.record(job);
    if (record) expect(record.fence, "the fence on record is the newest or none").toBeLessThanOrEqual(seen.fence);
    else this.#forgotten(seen);
    if (!result || record?.state !== "completed" || record.generation !== result.generation) return;
    expect(await this.#stage.store.result(job.key), "a result is never replaced within its generation").toBe(
      result.value,
    );
  }
}
