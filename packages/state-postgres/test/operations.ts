import type { Claim, Claimed, Reserve, Settle, Settlement } from "@semel/core/adapter";
import type { PostgresStore } from "../src/index.ts";

const day = 86_400_000;

export const reserve = (key: string, overrides: Partial<Reserve> = {}): Reserve => ({
  op: "reserve",
  key,
  id: `${key}.a`,
  type: "mail",
  lane: "mail",
  tenant: undefined,
  fingerprint: "print",
  version: 1,
  delayMs: 0,
  deadlineMs: day,
  onDead: "rerun",
  onCompleted: "replay",
  force: false,
  ...overrides,
});

export const claim = (key: string, overrides: Partial<Claim> = {}): Claim => ({
  op: "claim",
  key,
  id: `${key}.a`,
  type: "mail",
  lane: "mail",
  tenant: undefined,
  fingerprint: "print",
  version: 1,
  delayMs: 0,
  deadlineMs: day,
  owner: "owner",
  leaseMs: 30_000,
  maxCrashes: 3,
  ...overrides,
});

export const completed = (
  result: string | undefined,
  overrides: Partial<Extract<Settlement, { state: "completed" }>> = {},
): Settlement => ({
  state: "completed",
  kind: { kind: "stored" },
  result,
  keepMs: day,
  followUps: undefined,
  envelope: undefined,
  ...overrides,
});

export const dead = (overrides: Partial<Extract<Settlement, { state: "dead" }>> = {}): Settlement => ({
  state: "dead",
  reason: "REJECTED",
  error: { code: "REJECTED", message: "no" },
  letter: { group: "group", body: "{}", keepMs: day },
  keepMs: day,
  followUps: undefined,
  ...overrides,
});

export const settle = (key: string, fence: number, as: Settlement, owner = "owner"): Settle => ({
  op: "settle",
  key,
  owner,
  fence,
  as,
});

/** Claims a job that has to be free, and answers its fence. */
export async function claimed(store: PostgresStore, key: string, overrides: Partial<Claim> = {}): Promise<number> {
  const [answer] = await store.apply([claim(key, overrides)]);
  if (answer.is === "acquired") return answer.fence;
  throw new Error(`expected to acquire ${key}, got ${(answer as Claimed).is}`);
}

/** A job from its claim to its end. */
export async function ran(
  store: PostgresStore,
  key: string,
  as: Settlement,
  overrides: Partial<Claim> = {},
): Promise<void> {
  const fence = await claimed(store, key, overrides);
  await store.apply([settle(key, fence, as, overrides.owner)]);
}
