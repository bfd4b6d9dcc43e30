import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised } from "./stage.ts";

export function resizing(promised: Promised): void {
  promised("a consumer made larger is given more at once", async (stage) => {
    const hands = await stage.hands({ concurrency: 1 });
    await stage.add(...stage.jobs(4));
    await stage.given(hands, 1);
    hands.consumer.resize(3);
    await stage.given(hands, 3);
    await stage.quiet();
    expect(hands.open).toHaveLength(3);
  });

  promised("a consumer made smaller keeps what it has and is given less from then on", async (stage) => {
    const hands = await stage.hands({ concurrency: 3 });
    await stage.add(...stage.jobs(5));
    await stage.given(hands, 3);
    hands.consumer.resize(1);
    hands.at(0).dispose(ack);
    hands.at(1).dispose(ack);
    await stage.quiet();
    expect(hands.taken, "nothing new while one is still in hand").toHaveLength(3);
    hands.at(2).dispose(ack);
    await stage.given(hands, 4);
    await stage.quiet();
    expect(hands.open).toHaveLength(1);
  });
}
