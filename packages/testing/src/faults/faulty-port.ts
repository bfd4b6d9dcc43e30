import { OptionInvalidError } from "@semel/core";
import type { Host } from "@semel/core/adapter";
import { Connection } from "./connection.ts";
import { type FaultDiary, FaultPlan, type HappenedFault } from "./fault-plan.ts";
import type { FaultOptions } from "./options.ts";

/** What every faulty port understands, beside its own verbs. `Points` are the places where a fault can strike. */
export interface Faults<Points> {
  /** The next call of this verb or operation rejects. In a batch the whole call does, as when a connection breaks. */
  failNext<P extends keyof Points & string>(point: P | "any", options?: FaultOptions<Points[P]>): void;
  /** The next call of this verb or operation neither answers nor fails until `resume()`; then it goes through, late. */
  hangNext<P extends keyof Points & string>(point: P | "any", options?: FaultOptions<Points[P]>): void;
  /** From now on every call hangs, and nothing is delivered: a server that is stopped, a network that swallows. */
  silence(): void;
  /** The end of `silence` and of every fault that was asked for. What hangs goes through, late. */
  resume(): void;
  /** The server restarts: whatever is on its way fails, acknowledgements are lost, and the next call works. */
  restart(): void;
  /** Every fault so far. */
  readonly happened: readonly HappenedFault[];
  readonly seed: number;
}

interface Case {
  readonly does: "fail" | "hang";
  readonly when: "before" | "after";
  readonly error?: unknown;
}

/** The faults of one port: what was asked for, and what becomes of each call. */
export class FaultyPort {
  readonly connection: Connection = new Connection();
  readonly diary: FaultDiary;
  readonly #name: string;
  readonly #points: readonly string[];
  readonly #plan: FaultPlan<Case>;
  readonly #onSilence: (isSilent: boolean) => void;

  constructor(
    name: string,
    points: readonly string[],
    diary: FaultDiary,
    onSilence: (isSilent: boolean) => void = () => {},
  ) {
    this.#name = name;
    this.#points = points;
    this.diary = diary;
    this.#plan = new FaultPlan(diary);
    this.#onSilence = onSilence;
  }

  /** What a test holds in its hands. */
  get controls(): Faults<Record<string, never>> {
    const { diary } = this;
    return {
      failNext: (point, options = {}) => this.#add("failNext", point, "fail", options),
      hangNext: (point, options = {}) => this.#add("hangNext", point, "hang", options),
      silence: () => this.#silence(),
      resume: () => this.#resume(),
      restart: () => this.#restart(),
      get happened() {
        return diary.happened;
      },
      seed: diary.seed,
    };
  }

  #add(verb: string, point: string, does: Case["does"], options: FaultOptions<never>): void {
    if (point !== "any" && !this.#points.includes(point))
      throw new OptionInvalidError(`${this.#name}.${verb}`, `any, ${this.#points.join(", ")}`, point);
    this.#plan.add(verb, point, { does, when: options.when ?? "before", error: options.error }, options);
  }

  #silence(): void {
    this.note("is silent");
    this.connection.silence();
    this.#onSilence(true);
  }

  #resume(): void {
    const wasSilent = this.connection.isSilent;
    this.#plan.clear();
    this.connection.resume();
    if (!wasSilent) return;
    this.note("answers again");
    this.#onSilence(false);
  }

  #restart(): void {
    const wasSilent = this.connection.isSilent;
    this.note("restarts");
    this.connection.cut(this.diary.error(`${this.#name}: the connection was reset by a restart`));
    if (wasSilent) this.#onSilence(false);
  }

  note(what: string): void {
    this.diary.note(`${this.#name}: ${what}`);
  }

  /** Whether a call that is no more than a word to the other side gets there; it may get there late. */
  passes(point: string, call: unknown): "now" | "late" | "never" {
    const struck = this.#plan.strike([{ point, call }]);
    if (struck?.fault.does === "fail") {
      this.note(`${point} was lost`);
      return "never";
    }
    if (struck) this.note(`${point} is late`);
    return struck || this.connection.isSilent ? "late" : "now";
  }

  /** Makes a call, or what the faults leave of it. */
  call<T>(calls: readonly { point: string; call: unknown }[], work: () => Promise<T>): Promise<T> {
    const struck = this.#plan.strike(calls);
    if (!struck && !this.connection.isSilent) return this.connection.carry(work);
    return this.connection.carry(() => this.#struck(struck, work));
  }

  async #struck<T>(struck: { fault: Case; at: string } | undefined, work: () => Promise<T>): Promise<T> {
    const { does, when, error } = struck?.fault ?? { does: "hang", when: "before" };
    if (when === "after") {
      const given = await work();
      if (does === "fail") throw this.#failure(`${struck?.at} failed after it was done: its reply is lost`, error);
      this.note(`the reply of ${struck?.at} hangs`);
      await this.connection.hang();
      return given;
    }
    if (does === "fail") throw this.#failure(`${struck?.at} failed before it was done`, error);
    if (struck) this.note(`${struck.at} hangs`);
    await this.connection.hang();
    return await work();
  }

  #failure(what: string, error: unknown): unknown {
    this.note(what);
    return error ?? this.diary.error(`${this.#name}: ${what}`);
  }

  started(host: Host): void {
    this.diary.clock = host.clock;
  }
}
