import { createHash } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import { decide, type Host, systemClock } from "@semel/core/adapter";
import { MemoryStore } from "@semel/core/memory";
import { openRedis } from "@semel/redis-connection";
import { redisAt, sqlAt } from "@semel/repo-tools/turned-time";
import { postgresStore } from "@semel/state-postgres";
import { redisStore } from "@semel/state-redis";
import pg from "pg";
import { exactly, type Figure, none, told } from "../figure.ts";
import { postgresServer, redisServer } from "../place.ts";
import { type Run, type Setting, sized } from "../run.ts";
import { decideMachine, type Machine, storeMachine } from "../simulation/machine.ts";
import type { Policy } from "../simulation/plan.ts";
import { type Simulation, type SimulationOptions, simulate } from "../simulation/simulate.ts";

/** What decides: the state machine alone, or a store with a clock that is turned. */
export interface Subject {
  readonly name: string;
  readonly schedules: { readonly short: number; readonly long: number };
  /** How many go on side by side; what each asks at one instant travels in one call. */
  readonly together: number;
  open(setting: Setting): Promise<Machine>;
}

/** Each store gets its time from here. */
class TurnedTime {
  now = 0;
  readonly host: Host = {
    namespace: "simulation",
    clock: { ...systemClock, now: () => this.now },
    report: () => undefined,
  };
  readonly turn = (now: number): void => {
    this.now = now;
  };
}

async function onMemory(): Promise<Machine> {
  const time = new TurnedTime();
  const store = new MemoryStore();
  await store.start(time.host);
  return storeMachine("memory", store, time.turn);
}

async function onPglite({ resources }: Setting): Promise<Machine> {
  const time = new TurnedTime();
  const db = await PGlite.create();
  resources.defer(() => db.close());
  const store = postgresStore({ client: sqlAt(db, () => time.now), durable: false });
  time.turn(Date.now());
  await store.start(time.host);
  return storeMachine("PGlite", store, time.turn);
}

async function onPostgres(setting: Setting): Promise<Machine> {
  const time = new TurnedTime();
  const { url } = await postgresServer(setting);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => undefined);
  setting.resources.defer(() => pool.end());
  const store = postgresStore({ client: sqlAt(pool, () => time.now) });
  time.turn(Date.now());
  await store.start(time.host);
  return storeMachine("PostgreSQL", store, time.turn);
}

async function onRedis(setting: Setting): Promise<Machine> {
  const time = new TurnedTime();
  const { url } = await redisServer(setting);
  const connection = openRedis(url);
  setting.resources.defer(() => connection.close());
  const store = redisStore({ redis: redisAt(connection, () => time.now) });
  time.turn(Date.now());
  await store.start(time.host);
  return storeMachine("Redis", store, time.turn);
}

export const subjects: readonly Subject[] = [
  {
    name: "decide",
    schedules: { short: 20_000, long: 100_000 },
    together: 500,
    open: async () => decideMachine(decide),
  },
  { name: "memory", schedules: { short: 2_000, long: 20_000 }, together: 500, open: onMemory },
  { name: "PGlite", schedules: { short: 200, long: 20_000 }, together: 2_000, open: onPglite },
  { name: "PostgreSQL", schedules: { short: 300, long: 20_000 }, together: 4_000, open: onPostgres },
  { name: "Redis", schedules: { short: 300, long: 20_000 }, together: 4_000, open: onRedis },
];

/** Of the shape that core gives to guard keys, with tenants and namespaces spread as they are. */
const guardKey =
  (policy: Policy) =>
  (index: number): string =>
    createHash("sha256").update(`${policy} ${index}`).digest("base64url").slice(0, 32);

async function simulated(
  setting: Setting,
  machine: Machine,
  { schedules: sizes, together }: Subject,
  policy: Policy,
): Promise<readonly Figure[]> {
  // In full where effects may be repeated; the other two policies get a quarter each.
  const schedules = policy === "retry" ? sized(setting, sizes) : Math.ceil(sized(setting, sizes) / 4);
  const options: SimulationOptions = {
    seed: setting.seed,
    schedules,
    policy,
    // Ahead of every server's own clock, by which keys expire.
    from: Math.ceil(Date.now() / 1_000) * 1_000 + 60_000,
    together,
    keyOf: guardKey(policy),
    progress: (over) => setting.progress(`${policy}: ${over} of ${schedules}`),
  };
  const found = await simulate(machine, options);
  // The pure function gets the same schedules at the same time: whoever decides otherwise is found out here.
  const isPure = machine.name === "decide";
  const expected = isPure ? found : await simulate(decideMachine(decide), { ...options, progress: undefined });
  return figuresOf(`${policy}: `, policy, found, expected);
}

function figuresOf(where: string, policy: Policy, found: Simulation, expected: Simulation): readonly Figure[] {
  const { schedules, operations, repeated, byCrash, byLostContact, staleWrites, staleAccepted, results } = found;
  const causes = `${byCrash} crashes and ${byLostContact} losses of contact before the record`;
  return [
    told(
      `${where}schedules`,
      `${schedules}, ${operations} operations, ${found.takeOvers} take-overs, ${results} replays`,
    ),
    exactly(`${where}stale writes accepted, of ${staleWrites}`, 0, staleAccepted),
    policy === "retry"
      ? told(`${where}effects repeated, of ${found.effects}`, `${repeated}: ${causes}`)
      : exactly(`${where}effects repeated, of ${found.effects}`, 0, repeated),
    exactly(`${where}effects repeated for any other reason`, 0, repeated - byCrash - byLostContact),
    none(`${where}invariants broken`, found.broken),
    exactly(`${where}decided otherwise than \`decide\``, 0, found.trace === expected.trace ? 0 : 1),
  ];
}

/** Random schedules against whatever decides, on a clock that is turned. */
export const simulationRuns: readonly Run[] = subjects.map((subject) => ({
  name: `model-${subject.name.toLowerCase()}`,
  about: `random schedules of crashes, pauses, partitions, lost messages and duplicates against ${subject.name === "decide" ? "the state machine" : `the store on ${subject.name}`}`,
  async run(setting) {
    const machine = await subject.open(setting);
    const figures: Figure[] = [];
    for (const policy of ["retry", "verify", "halt"] as const)
      figures.push(...(await simulated(setting, machine, subject, policy)));
    return figures;
  },
}));
