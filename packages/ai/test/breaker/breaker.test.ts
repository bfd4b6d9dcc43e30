import { VirtualClock } from "@semel/testing";
import { describe, expect, it } from "vitest";
import { Breaker, type BreakerStatus, type Permit } from "../../src/breaker/breaker.ts";
import { breakerRules } from "../../src/breaker/options.ts";
import type { CallEnd } from "../../src/breaker/window.ts";

function setUp(options: Parameters<typeof breakerRules>[0] = {}) {
  const clock = new VirtualClock();
  const seen: BreakerStatus[] = [];
  const breaker = new Breaker(breakerRules(options), {
    clock,
    random: () => 0.5,
    onChange: (_, { status }) => seen.push(status),
  });
  const permit = (): Permit => {
    const answer = breaker.ask();
    if ("retryAfterMs" in answer) throw new Error(`denied for ${answer.retryAfterMs} ms`);
    return answer;
  };
  const calls = (count: number, how: CallEnd): void => {
    for (let call = 0; call < count; call++) permit().end(how);
  };
  const denied = (): number | undefined => {
    const answer = breaker.ask();
    return "retryAfterMs" in answer ? answer.retryAfterMs : undefined;
  };
  return { clock, breaker, seen, permit, calls, denied };
}

describe("a breaker", () => {
  it("opens at half of ten calls, and not before ten", () => {
    const { breaker, calls, denied } = setUp();
    calls(4, "success");
    calls(5, "failure");
    expect(breaker.state).toMatchObject({ status: "closed", counts: { calls: 9, failures: 5 } });
    calls(1, "success");
    expect(breaker.state.status).toBe("open");
    expect(denied()).toBe(30_000);
  });

  it("opens when four fifths are slow, and takes slowness from the clock", async () => {
    const { breaker, calls, permit, clock } = setUp({ slowAfter: "1s" });
    calls(2, "success");
    for (let call = 0; call < 8; call++) {
      const slow = permit();
      await clock.advance(1_001);
      slow.end("success");
    }
    expect(breaker.state.status).toBe("open");
  });

  it("ignores what says nothing of the model, and forgets after a minute", async () => {
    const { breaker, calls, clock } = setUp();
    calls(100, "ignored");
    calls(9, "failure");
    await clock.advance(65_000);
    calls(1, "failure");
    expect(breaker.state).toMatchObject({ status: "closed", counts: { calls: 1, failures: 1 } });
  });

  it("lets three trials through, denies the others, and closes when all three succeed", async () => {
    const { breaker, calls, clock, permit, denied, seen } = setUp();
    calls(10, "failure");
    await clock.advance(30_000);
    const trials = [permit(), permit(), permit()];
    expect(trials.every(({ isTrial }) => isTrial)).toBe(true);
    expect(denied()).toBe(5_000);
    trials[0]?.end("success");
    trials[1]?.end("success");
    expect(denied()).toBe(5_000);
    trials[2]?.end("success");
    expect(breaker.state.status).toBe("closed");
    expect(seen).toEqual(["open", "half-open", "closed"]);
    expect(clock.pending).toBe(0);
  });

  it("opens for twice as long with each failed trial, up to five minutes", async () => {
    const { calls, clock, permit, denied } = setUp();
    calls(10, "failure");
    const waits: number[] = [];
    for (let spell = 0; spell < 6; spell++) {
      const waitMs = denied() ?? 0;
      waits.push(waitMs);
      await clock.advance(waitMs);
      permit().end("failure");
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it("takes a trial that hangs for failed, and its late success for nothing", async () => {
    const { breaker, calls, clock, permit } = setUp();
    calls(10, "failure");
    await clock.advance(30_000);
    const hanging = permit();
    await clock.advance(60_000);
    expect(breaker.state.status).toBe("open");
    hanging.end("success");
    expect(breaker.state.status).toBe("open");
  });

  it("is never left half-open by a trial that was ended: the next call is a trial", async () => {
    const { breaker, calls, clock, permit } = setUp();
    calls(10, "failure");
    await clock.advance(30_000);
    permit().end("ignored");
    expect(breaker.state.status).toBe("open");
    for (const trial of [permit(), permit(), permit()]) trial.end("success");
    expect(breaker.state.status).toBe("closed");
  });

  it("stays isolated until it is restored", async () => {
    const { breaker, clock, denied, permit } = setUp();
    const before = permit();
    breaker.isolate();
    await clock.advance(3_600_000);
    before.end("success");
    expect(denied()).toBe(300_000);
    breaker.restore();
    expect(denied()).toBeUndefined();
  });
});
