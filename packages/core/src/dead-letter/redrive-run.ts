import { SemelError } from "../errors/semel-error.ts";
import { StoreUnavailableError } from "../errors/unavailable.ts";
import { Line } from "../runtime/line.ts";
import { Pace } from "../runtime/pace.ts";
import { letterFacts } from "./dead-letter.ts";
import { type Desk, isOutage, pages } from "./desk.ts";
import type { LetterFilter, StoredLetter } from "./letter-box.ts";
import { checkRunOptions, type RedriveRunOptions } from "./redrive-options.ts";
import type { RedriveReport } from "./redrive-plan.ts";
import { RedriveTally } from "./redrive-tally.ts";
import * as refusal from "./refusal.ts";
import { type Judged, judge, PausedLanes } from "./survey.ts";

/** Redrives under way at a time. */
const atATime = 32;
/** So many failures of queue or store in a row are an outage, not one job that cannot be added. */
const outageAfter = 10;

interface RunOf {
  readonly filter: LetterFilter;
  /** The newest letter of the plan: what died after it is none of it. */
  readonly first: StoredLetter | undefined;
  readonly total: number;
  readonly maxRedrives: number;
}

/** One run of a plan. */
export class RedriveRun {
  readonly #desk: Desk;
  readonly #of: RunOf;
  readonly #options: RedriveRunOptions;
  readonly #checked: ReturnType<typeof checkRunOptions>;
  readonly #tally: RedriveTally;
  readonly #pace: Pace;
  readonly #line = new Line(atATime);
  readonly #underWay = new Set<Promise<void>>();
  #failuresInARow = 0;
  #outage: SemelError | undefined;

  constructor(desk: Desk, of: RunOf, options: RedriveRunOptions) {
    this.#desk = desk;
    this.#of = of;
    this.#options = options;
    this.#checked = checkRunOptions(options);
    this.#tally = new RedriveTally(of.total);
    this.#pace = new Pace(desk.clock, this.#checked.rate);
  }

  /** Never rejects for what queue or store do: that is in the report. */
  async end(): Promise<RedriveReport> {
    const { filter, first, maxRedrives } = this.#of;
    try {
      if (first) {
        const paused = new PausedLanes(this.#desk);
        for await (const page of pages(this.#desk, filter, { first })) {
          for (const one of await judge(this.#desk, page, maxRedrives, paused)) {
            if (this.#isOver) break;
            await this.#take(one);
          }
          if (this.#isOver) break;
        }
      }
    } catch (error) {
      if (!SemelError.isInstance(error) || !isOutage(error)) throw error;
      this.#outage ??= error;
    } finally {
      await Promise.all(this.#underWay);
    }
    if (this.#outage) return this.#tally.report("unavailable", this.#outage);
    return this.#tally.report(this.#options.signal?.aborted ? "aborted" : "all", undefined);
  }

  get #isOver(): boolean {
    return this.#outage !== undefined || this.#options.signal?.aborted === true;
  }

  /** Begins to bring it back when it is its turn; what certainly cannot come back costs no turn. */
  async #take({ stored, prospect }: Judged): Promise<void> {
    const refused = this.#refusalOf(stored, prospect.why);
    if (refused) return this.#told(stored.id, "refused", { error: refused });
    if (prospect.becomes === "replayed" || prospect.becomes === "superseded")
      return this.#told(stored.id, prospect.becomes);
    await this.#line.enter();
    try {
      await this.#pace.turn(this.#options.signal);
    } catch {
      // Aborted while it waited.
      return this.#line.leave();
    }
    const work = this.#bringBack(stored).finally(() => {
      this.#line.leave();
      this.#underWay.delete(work);
    });
    this.#underWay.add(work);
  }

  #refusalOf(stored: StoredLetter, why: string | undefined): SemelError | undefined {
    const { id } = stored;
    switch (why) {
      case "ENVELOPE_INVALID":
        return refusal.unreadable(id);
      case "JOB_NOT_FOUND":
        return refusal.expired(id);
      case "FOLLOW_UPS_UNSENT":
        return refusal.unsentFollowUps(id);
      case "REDRIVES_SPENT":
        return refusal.redrivenTooOften(id, this.#of.maxRedrives);
      case "TYPE_UNATTENDED":
        return this.#checked.unattended === "wait" ? undefined : refusal.unattended(id, letterFacts(stored).type);
      default:
        return undefined;
    }
  }

  async #bringBack(letter: StoredLetter): Promise<void> {
    const { box, asked, redrive } = this.#desk;
    const { id } = letter;
    try {
      // Purged since its page was read, it is not wanted any more.
      const still = await asked("deadLetters.get", () => box.get(id));
      if (!still) return this.#told(id, "gone");
      const back = await redrive(still, this.#checked);
      this.#failuresInARow = 0;
      this.#told(id, back.is, { as: back.id });
    } catch (error) {
      this.#refused(id, SemelError.isInstance(error) ? error : new StoreUnavailableError("redrive", { cause: error }));
    }
  }

  #refused(id: string, error: SemelError): void {
    if (error.code === "JOB_REPLAYED") return this.#told(id, "replayed");
    if (error.code === "JOB_SUPERSEDED") return this.#told(id, "superseded");
    this.#failuresInARow = isOutage(error) ? this.#failuresInARow + 1 : 0;
    if (this.#failuresInARow >= outageAfter) this.#outage ??= error;
    this.#told(id, "refused", { error });
  }

  #told(...told: Parameters<RedriveTally["add"]>): void {
    const progress = this.#tally.add(...told);
    try {
      this.#options.onProgress?.(progress);
    } catch (error) {
      this.#desk.failed("onProgress of a redrive", error);
    }
  }
}
