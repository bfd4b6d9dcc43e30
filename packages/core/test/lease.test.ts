import { expect, it } from "vitest";
import { Lease } from "../src/idempotency/lease.ts";
import { AttemptAborted } from "../src/runtime/abort.ts";

const lease = (): Lease =>
  new Lease({
    delivery: { id: "k.1", lane: "mail", envelope: "{}" },
    key: "k",
    owner: "w:1",
    fence: 1,
    leaseMs: 1_000,
    sentAt: 0,
  });

it("fires its signal, whether it was asked for before or after", () => {
  const [before, after] = [lease(), lease()];
  const { signal } = before;
  expect(signal.aborted).toBe(false);
  for (const one of [before, after]) one.abort("timeout", "too long");
  expect(before.signal).toBe(signal);
  for (const one of [before, after]) {
    expect(one.signal.aborted).toBe(true);
    expect(one.signal.reason).toBe(one.aborted);
    expect(one.aborted).toBeInstanceOf(AttemptAborted);
    expect(one.abortReason).toBe("timeout");
  }
});

it("tells those who listen once, before the signal fires, and nobody who has stopped listening", () => {
  const held = lease();
  const told: string[] = [];
  held.signal.addEventListener("abort", () => told.push("signal"));
  held.onAbort(() => told.push(`first: ${held.abortReason}`));
  const stop = held.onAbort(() => told.push("second"));
  held.onAbort(() => told.push("third"));
  stop();
  held.abort("cancelled", "no longer wanted");
  held.lose();
  expect(told).toEqual(["first: cancelled", "third", "signal"]);
  expect([held.abortReason, held.aborted?.message, held.isLost]).toEqual(["cancelled", "no longer wanted", true]);
});
