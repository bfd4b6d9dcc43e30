import { expect } from "vitest";
import { ack, returned } from "./hands.ts";
import type { Promised } from "./stage.ts";

export function returning(promised: Promised): void {
  promised("a returned job is handed out again, as it was", async (stage) => {
    await stage.add(stage.job());
    const hands = await stage.hands();
    await stage.given(hands, 1);
    hands.at(0).dispose(returned());
    await stage.given(hands, 2);
    expect(hands.at(1).delivery).toMatchObject({ ...hands.at(0).delivery });
  });

  promised("a job returned with a delay comes back no sooner, and not much later", async (stage) => {
    const { clock, shortMs, slackMs } = stage.time;
    await stage.add(stage.job());
    const hands = await stage.hands();
    await stage.given(hands, 1);
    const returnedAt = clock.monotonic();
    hands.at(0).dispose(returned(shortMs));
    await stage.given(hands, 2);
    const took = hands.at(1).at - returnedAt;
    expect(took).toBeGreaterThanOrEqual(shortMs - roundingMs);
    expect(took).toBeLessThanOrEqual(shortMs + stage.features.delayPrecisionMs + slackMs);
  });

  promised("a job returned with a delay lets others pass", async (stage) => {
    await stage.add(stage.job());
    const hands = await stage.hands({ concurrency: 1 });
    await stage.given(hands, 1);
    hands.at(0).dispose(returned(600_000));
    const [other] = await stage.add(stage.job());
    await stage.given(hands, 2);
    expect(hands.ids[1]).toBe(other);
  });

  promised("a job may be returned any number of times", async (stage) => {
    const times = 15;
    await stage.add(stage.job());
    let given = 0;
    const hands = await stage.hands({ answer: () => (++given < times ? returned() : ack) });
    await stage.given(hands, times);
  });
}

/** Brokers count in whole milliseconds, and the worker's monotonic clock does not. */
const roundingMs = 5;
