import type { EpochMs, Operation } from "@semel/core/adapter";
import type { Chance } from "./chance.ts";
import { drawMishap, leaseMs, type Mishap, type Plan, type Policy, type points } from "./plan.ts";
import type { Referee } from "./referee.ts";
import { ask, insist, type Life, wait } from "./wish.ts";

/** From five sixths of its lease on, a worker that heard nothing begins no more steps. */
const fencedAfterMs = (leaseMs * 5) / 6;
/** How long it is worth asking for; as the engine has them. */
const claimPatienceMs = 600_000;
const recordPatienceMs = 60_000;
const settlePatienceMs = 600_000;
/** A worker whose effect may still be under way when its lease is over cannot be verified by anybody. */
const effectDeadlineMs = leaseMs * 0.8;
const dayMs = 86_400_000;

/** One process with one delivery. */
export interface Worker {
  readonly owner: string;
  readonly delivery: Delivery;
  fence: number;
  /** When it sent what the store last confirmed. */
  confirmedAt: EpochMs;
  /** Neither store nor queue can be reached until then. */
  awayUntil: EpochMs;
  /** Stopped until then. */
  pausedUntil: EpochMs;
  isLost: boolean;
  isOver: boolean;
}

/** One copy of the job in the queue. */
export interface Delivery {
  readonly name: string;
  isDone: boolean;
  /** When the queue hands it out, unless its holder extends the hold. */
  dueAt: EpochMs;
  holder: Worker | undefined;
}

/** What a life can see and do besides asking the store. */
export interface Scene {
  readonly key: string;
  readonly id: string;
  readonly plan: Plan;
  readonly policy: Policy;
  readonly chance: Chance;
  readonly referee: Referee;
  now(): EpochMs;
  begin(life: Life, worker?: Worker): void;
}

/** Where the queue's own patience ends: the lease and half a second. */
const holdMs = leaseMs + 500;

/** What every introduction of the one job says. */
const introduction = ({ key, id }: Scene) =>
  ({
    key,
    id,
    type: "simulated",
    lane: "simulated",
    tenant: undefined,
    fingerprint: "f",
    version: 1,
    delayMs: 0,
    deadlineMs: dayMs,
  }) as const;

export const reserveOf = (scene: Scene, id: string = scene.id): Operation => ({
  op: "reserve",
  ...introduction(scene),
  id,
  onDead: "keep",
  onCompleted: "replay",
  force: false,
});

/** The queue: hands the delivery out again and again until somebody acknowledges it. */
export function* queue(scene: Scene, delivery: Delivery): Life {
  let count = 0;
  while (!delivery.isDone) {
    if (scene.now() < delivery.dueAt) {
      yield* wait(delivery.dueAt - scene.now());
      continue;
    }
    const worker: Worker = {
      owner: `${delivery.name}-${++count}`,
      delivery,
      fence: 0,
      confirmedAt: 0,
      awayUntil: 0,
      pausedUntil: 0,
      isLost: false,
      isOver: false,
    };
    delivery.holder = worker;
    delivery.dueAt = scene.now() + holdMs;
    scene.begin(attempt(scene, worker), worker);
  }
}

/** Enqueues the same work once more. */
export function* repeat(scene: Scene, at: EpochMs, name: string): Life {
  yield* wait(at - scene.now());
  yield* ask(reserveOf(scene, `${scene.key}.${name}`));
}

/** Keeps the lease while the worker works. */
function* renewals(scene: Scene, worker: Worker): Life {
  while (!worker.isOver) {
    yield* wait(leaseMs / 3);
    if (worker.isOver || worker.isLost) return;
    const sentAt = scene.now();
    const { owner, fence } = worker;
    const answer = yield* ask({ op: "renew", key: scene.key, owner, fence, leaseMs });
    if (answer?.is === "lost") worker.isLost = true;
    if (answer?.is === "held") confirm(scene, worker, sentAt);
  }
}

function confirm(scene: Scene, worker: Worker, sentAt: EpochMs): void {
  worker.confirmedAt = Math.max(worker.confirmedAt, sentAt);
  if (worker.delivery.holder === worker) worker.delivery.dueAt = scene.now() + holdMs;
}

/** What becomes of the delivery; what its former holder says of it is not heard. */
function dispose(worker: Worker, as: "acknowledged" | { readonly dueAt: EpochMs }): void {
  const { delivery } = worker;
  if (delivery.holder !== worker) return;
  if (as === "acknowledged") delivery.isDone = true;
  else delivery.dueAt = as.dueAt;
}

/** The life of one attempt. What it does with each answer is what the engine does. */
function* attempt(scene: Scene, worker: Worker): Life {
  try {
    yield* claimed(scene, worker);
  } finally {
    worker.isOver = true;
  }
}

function* claimed(scene: Scene, worker: Worker): Life {
  const { owner } = worker;
  const sentAt = scene.now();
  const claim: Operation = { op: "claim", ...introduction(scene), owner, leaseMs, maxCrashes: 1_000 };
  const answer = yield* insist(claim, () => scene.now() < sentAt + claimPatienceMs);
  if (!answer) return dispose(worker, { dueAt: scene.now() + 5_000 });
  if (answer.is === "finished" || answer.is === "superseded") return dispose(worker, "acknowledged");
  if (answer.is !== "acquired") return dispose(worker, { dueAt: scene.now() + scene.chance.between(1_000, 33_000) });
  worker.fence = answer.fence;
  confirm(scene, worker, scene.now());
  const mishap = drawMishap(scene.chance);
  scene.begin(renewals(scene, worker), worker);
  yield* meet(scene, worker, mishap, "claim:after");
  const fails = answer.attempt <= scene.plan.failures ? scene.chance.between(0, scene.plan.steps.length - 1) : -1;
  for (const [index, step] of scene.plan.steps.entries()) {
    const end = yield* stepped(scene, worker, step, mishap);
    if (end === "halted") return yield* settled(scene, worker, mishap, halted);
    if (end === "over") return;
    if (index === fails) return yield* settled(scene, worker, mishap, retrying(scene.chance.between(0, 5_000)));
  }
  yield* settled(scene, worker, mishap, completed(owner));
}

function* stepped(
  scene: Scene,
  worker: Worker,
  step: string,
  mishap: Mishap | undefined,
): Life<"on" | "over" | "halted"> {
  const { referee, chance, policy } = scene;
  const held = { key: scene.key, owner: worker.owner, fence: worker.fence, step } as const;
  const isFenced = (): boolean => worker.isLost || scene.now() - worker.confirmedAt >= fencedAfterMs;
  let isVerified = policy === "retry";
  for (;;) {
    if (isFenced()) return "over";
    const sentAt = scene.now();
    const onUncertain = isVerified ? "begin" : "ask";
    const begun = yield* insist({ op: "step-begin", ...held, onUncertain, leaseMs }, () => !isFenced());
    if (!begun || begun.is === "lost") return "over";
    confirm(scene, worker, sentAt);
    if (begun.is === "memo") return "on";
    if (begun.is === "uncertain") {
      if (policy === "halt") return "halted";
      isVerified = true;
      continue;
    }
    break;
  }
  const begunAt = scene.now();
  const known = policy === "verify" ? referee.found(step) : undefined;
  const value = known ?? `"${step} by ${worker.owner}"`;
  if (known === undefined) {
    yield* meet(scene, worker, mishap, "before-effect");
    yield* wait(chance.between(0, 4_000));
    // Whoever verifies bounds the call: what is sent too late is not heard.
    if (policy === "verify" && scene.now() - begunAt > effectDeadlineMs) return "over";
    referee.effect(step, worker.owner, value);
    yield* meet(scene, worker, mishap, "after-effect");
    yield* wait(chance.between(0, 8_000));
  }
  const doneAt = scene.now();
  const ended = yield* insist(
    { op: "step-end", ...held, as: { is: "done", value } },
    () => scene.now() < doneAt + recordPatienceMs,
  );
  if (!ended || ended.is === "stale") return "over";
  yield* meet(scene, worker, mishap, "after-record");
  return "on";
}

type Settlement = Extract<Operation, { op: "settle" }>["as"];

const completed = (by: string): Settlement => ({
  state: "completed",
  kind: { kind: "stored" },
  result: `"by ${by}"`,
  keepMs: dayMs,
  followUps: undefined,
  envelope: undefined,
});
const retrying = (delayMs: number): Settlement => ({
  state: "retrying",
  counts: "attempt",
  delayMs,
  error: { code: "DRAWN", message: "it was to fail" },
});
const halted: Settlement = {
  state: "dead",
  reason: "UNCERTAIN_EFFECT",
  error: undefined,
  letter: { group: "halted", body: "{}", keepMs: dayMs },
  keepMs: dayMs,
  followUps: undefined,
};

function* settled(scene: Scene, worker: Worker, mishap: Mishap | undefined, as: Settlement): Life {
  yield* meet(scene, worker, mishap, "settle:before");
  const { owner, fence } = worker;
  const since = scene.now();
  const isWorthIt = (): boolean => scene.now() < since + settlePatienceMs;
  const answer = yield* insist({ op: "settle", key: scene.key, owner, fence, as }, isWorthIt);
  yield* meet(scene, worker, mishap, "settle:after");
  if (answer?.is === "already") return dispose(worker, "acknowledged");
  if (answer?.is !== "settled") return;
  if (answer.state === "retrying") return dispose(worker, { dueAt: scene.now() + ("delayMs" in as ? as.delayMs : 0) });
  dispose(worker, "acknowledged");
}

/** What was drawn for this point happens. */
function* meet(scene: Scene, worker: Worker, mishap: Mishap | undefined, at: (typeof points)[number]): Life {
  // Of several steps, any may be the one.
  if (mishap?.at !== at || !scene.chance.happens(0.6)) return;
  if (mishap.is === "partition") worker.awayUntil = scene.now() + mishap.ms;
  else if (mishap.is === "pause") yield { do: "pause", ms: mishap.ms };
  else yield { do: "die" };
}

/** The last look at the record, when everything is over. */
export const lastLook = (scene: Scene): Operation => reserveOf(scene, `${scene.key}.last`);
