import { expect } from "vitest";
import type { Promised } from "./stage.ts";

export function starting(promised: Promised): void {
  promised("declares the features the suite was told", async ({ queue, features }) => {
    expect(queue.features).toEqual(features);
  });

  promised("starting twice changes nothing", async (stage) => {
    const [id] = await stage.add(stage.job());
    await stage.startAgain();
    const hands = await stage.hands();
    await stage.given(hands, 1);
    expect(hands.ids).toEqual([id]);
  });
}
