import type { Clock, EpochMs } from "@semel/core/adapter";
import { seededRandom } from "../seeded.ts";
import { checkedFault, InjectedFault } from "./options.ts";

/** A fault that happened. */
export interface HappenedFault {
  /** By the clock of the Semel that uses the port; 0 before it has started. */
  readonly at: EpochMs;
  /** In words: `store: settle failed after it was written`. */
  readonly what: string;
}

interface Planned<Case> {
  readonly point: string;
  readonly fault: Case;
  readonly chance: number;
  readonly fits: (call: unknown) => boolean;
  times: number;
}

/** The chance and the diary that the ports of one backend share. */
export class FaultDiary {
  readonly seed: number;
  readonly random: () => number;
  readonly happened: HappenedFault[] = [];
  clock: Clock | undefined;

  constructor(seed: number) {
    this.seed = seed;
    this.random = seededRandom(seed);
  }

  note(what: string): void {
    this.happened.push({ at: this.clock?.now() ?? 0, what });
  }

  /** An error that says which fault it is, and how to see it again. */
  error(what: string): InjectedFault {
    return new InjectedFault(`${what} (fault ${this.happened.length} of seed ${this.seed})`);
  }
}

/** The faults somebody has asked for and that have not happened yet, in the order in which they were asked for. */
export class FaultPlan<Case> {
  readonly #diary: FaultDiary;
  #planned: Planned<Case>[] = [];

  constructor(diary: FaultDiary) {
    this.#diary = diary;
  }

  /** @throws `OPTION_INVALID`. */
  add(
    verb: string,
    point: string,
    fault: Case,
    options: { times?: number | undefined; chance?: number | undefined; if?: ((call: never) => boolean) | undefined },
  ): void {
    const { times = 1, chance = 1, if: fits = () => true } = checkedFault(verb, options);
    this.#planned.push({ point, fault, chance, fits: fits as (call: unknown) => boolean, times });
  }

  clear(): void {
    this.#planned = [];
  }

  /** The fault that strikes here, if one does; it is used up by that. `calls` are what happens here, under all its names. */
  strike(
    calls: readonly { readonly point: string; readonly call: unknown }[],
  ): { fault: Case; at: string } | undefined {
    for (const planned of this.#planned) {
      const struck = calls.find(
        ({ point, call }) => (planned.point === "any" || planned.point === point) && planned.fits(call),
      );
      if (!struck || (planned.chance < 1 && this.#diary.random() >= planned.chance)) continue;
      planned.times--;
      if (planned.times === 0) this.#planned = this.#planned.filter((one) => one !== planned);
      return { fault: planned.fault, at: struck.point };
    }
    return undefined;
  }
}
