import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised } from "./stage.ts";

export function delays(promised: Promised): void {
  promised("a delayed job comes no sooner than its time, and not much later", async (stage) => {
    const { clock, shortMs, slackMs } = stage.time;
    const hands = await stage.hands({ answer: () => ack });
    const addedAt = clock.monotonic();
    await stage.add(stage.job({ delayMs: 2 * shortMs }));
    await stage.given(hands, 1);
    const took = hands.at(0).at - addedAt;
    expect(took).toBeGreaterThanOrEqual(2 * shortMs - roundingMs);
    expect(took).toBeLessThanOrEqual(2 * shortMs + stage.features.delayPrecisionMs + slackMs);
  });

  promised("delays end in the order of their times, not of their additions", async (stage) => {
    const gapMs = stage.time.shortMs + stage.features.delayPrecisionMs;
    const ids = [];
    for (const place of [3, 1, 2]) ids[place] = (await stage.add(stage.job({ delayMs: place * gapMs })))[0];
    const hands = await stage.hands({ concurrency: 1, answer: () => ack });
    await stage.given(hands, 3);
    expect(hands.ids).toEqual([ids[1], ids[2], ids[3]]);
  });

  promised("a delayed job lets others pass", async (stage) => {
    await stage.add(stage.job({ delayMs: 600_000 }));
    const [now] = await stage.add(stage.job());
    const hands = await stage.hands({ concurrency: 1 });
    await stage.given(hands, 1);
    expect(hands.ids).toEqual([now]);
  });

  promised("a delay of months does not end at once", async (stage) => {
    // Past 2^31 milliseconds, a timer that was not made for it fires immediately.
    await stage.add(stage.job({ delayMs: 90 * 86_400_000 }));
    const hands = await stage.hands();
    await stage.quiet();
    expect(hands.ids).toEqual([]);
  });
}

/** Brokers count in whole milliseconds, and the worker's monotonic clock does not. */
const roundingMs = 5;
