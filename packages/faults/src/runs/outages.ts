import { atMost, type Figure } from "../figure.ts";
import { load } from "../load.ts";
import { steady } from "../paid-job.ts";
import { type Place, postgresServer, redisServer } from "../place.ts";
import { type Run, type Setting, sized } from "../run.ts";

/** Workers work again within this of the server's return. */
const backWithinMs = 5_000;

interface Server {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const lasting = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The server is killed under load and comes back, again and again. */
async function outages(setting: Setting, server: Server, place: Place): Promise<readonly Figure[]> {
  const lengths = sized(setting, { short: [0, 3_000], long: [0, 1_000, 3_000, 8_000, 0, 3_000, 0, 1_000, 8_000, 0] });
  const running = load(setting, place, steady);
  let [worstMs, killed] = [0, 0];
  for (const outageMs of lengths) {
    await running.progress(60);
    await server.kill();
    await lasting(outageMs);
    await server.restart();
    worstMs = Math.max(worstMs, await running.progress(1, 30_000));
    setting.progress(`killed ${++killed} of ${lengths.length} times`);
  }
  await running.progress(30);
  const figures = await running.figures();
  return [
    atMost(`until a job ends after its return, the longest of ${killed}`, backWithinMs / 1_000, worstMs / 1_000, " s"),
    ...figures,
  ];
}

export const redisOutageRun: Run = {
  name: "outage-redis",
  about: "kill -9 and restart of Redis with AOF, under load",
  async run(setting) {
    const server = await redisServer(setting);
    return outages(setting, server, { on: "redis", url: server.url });
  },
};

export const postgresOutageRun: Run = {
  name: "outage-postgres",
  about: "immediate stop and recovery of PostgreSQL, under load",
  async run(setting) {
    const server = await postgresServer(setting);
    return outages(setting, server, { on: "postgres", url: server.url });
  },
};
