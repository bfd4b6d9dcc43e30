import { type Clock, systemClock } from "@semel/core/adapter";
import { VirtualClock, type VirtualClockOptions } from "../virtual-clock.ts";
import { waitFor } from "../wait-for.ts";

/**
 * How time passes for an adapter under test. An adapter that takes its time from `host.clock` is tested on a clock
 * that is turned ({@link virtualTime}); one whose server has a clock of its own really has to wait ({@link realTime}).
 */
export interface SuiteTime {
  /** Handed to the adapter as `host.clock`, and what the suite measures with. */
  readonly clock: Clock;
  /** The shortest lease, hold or delay worth testing: long beside a round trip, short beside a coffee. */
  readonly shortMs: number;
  /** How much later than promised counts as on time. */
  readonly slackMs: number;
  /** Resolves when `ms` have passed for the adapter. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the condition holds. Rejects, naming `what`, when it does not come true. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>;
  /**
   * Makes the adapter believe that `ms` have passed, where nobody could wait that long (records are kept for hours).
   * Without it, the promises about such times are skipped.
   */
  leap?(ms: number): Promise<void>;
}

/** Work that goes on by itself gets this many turns before time passes: a chain of hand-overs needs none of it. */
const mostTurns = 20;

/** How long a virtual clock is turned before a condition counts as never coming true. */
const mostVirtualMs = 600_000;

/** For adapters that take their time from `host.clock`. Nothing really waits. */
export function virtualTime(options: VirtualClockOptions = {}): SuiteTime {
  const clock = new VirtualClock(options);
  const pass = (ms: number): Promise<void> => clock.advance(ms);
  return {
    clock,
    shortMs: 1_000,
    slackMs: 0,
    pass,
    leap: pass,
    async until(condition, what) {
      const end = clock.monotonic() + mostVirtualMs;
      const comesTrueNow = async (): Promise<boolean> => {
        for (let turn = 0; turn < mostTurns; turn++) {
          await clock.advance(0);
          if (await condition()) return true;
        }
        return false;
      };
      while (!(await comesTrueNow())) {
        const left = end - clock.monotonic();
        if (left <= 0) throw new Error(`${mostVirtualMs} ms of virtual time brought no ${what}`);
        // From timer to timer: between two of them nothing can happen.
        await clock.advance(Math.min(left, Math.max(0, (clock.nextAt ?? Number.POSITIVE_INFINITY) - clock.now())));
      }
    },
  };
}

export interface RealTimeOptions {
  /** Default: 500. Raise it where a round trip is slow, or a broker looks for lost holds only now and then. */
  readonly shortMs?: number | undefined;
  /** Default: 1,000. Machines that run test suites are busy. */
  readonly slackMs?: number | undefined;
  /** How long to wait for what must come. Default: 20,000. */
  readonly deadlineMs?: number | undefined;
  readonly leap?: ((ms: number) => Promise<void>) | undefined;
}

/** For adapters whose server decides what time it is. The only place where the suites really wait. */
export function realTime(options: RealTimeOptions = {}): SuiteTime {
  const { shortMs = 500, slackMs = 1_000, deadlineMs = 20_000, leap } = options;
  return {
    clock: systemClock,
    shortMs,
    slackMs,
    pass: (ms) => new Promise((resolve) => void systemClock.timer(ms, resolve)),
    until: async (condition, what) => void (await waitFor(condition, { what, deadlineMs })),
    ...(leap && { leap }),
  };
}
