import { startProxy } from "@semel/repo-tools/cutting-proxy";
import { Redis } from "ioredis";
import pg from "pg";
import { type Figure, told } from "../figure.ts";
import { load } from "../load.ts";
import { steady } from "../paid-job.ts";
import { postgresServer, redisServer } from "../place.ts";
import { type Run, type Setting, sized } from "../run.ts";

/** Who does to a server what operators and accidents do. */
export function redisOperator({ resources }: Setting, url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  resources.defer(() => client.disconnect());
  return client;
}

async function onRedis(setting: Setting): Promise<readonly Figure[]> {
  const { url } = await redisServer(setting);
  const running = load(setting, { on: "redis", url }, steady);
  const operator = redisOperator(setting, url);
  const rounds = sized(setting, { short: 10, long: 100 });
  await running.progress(20);
  for (let round = 1; round <= rounds; round++) {
    await operator.script("FLUSH");
    await operator.call("client", "kill", "type", "normal", "skipme", "yes");
    await operator.call("client", "kill", "type", "pubsub");
    await running.progress(10);
    setting.progress(`Redis: ${round} of ${rounds} times`);
  }
  return [
    told("Redis: all connections killed, scripts flushed", `${rounds} times`),
    ...(await running.figures("Redis: ")),
  ];
}

async function onPostgres(setting: Setting): Promise<readonly Figure[]> {
  const { url } = await postgresServer(setting);
  const running = load(setting, { on: "postgres", url }, steady);
  const operator = new pg.Client({ connectionString: url });
  operator.on("error", () => undefined);
  await operator.connect();
  setting.resources.defer(() => operator.end());
  const rounds = sized(setting, { short: 5, long: 50 });
  await running.progress(20);
  for (let round = 1; round <= rounds; round++) {
    await operator.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
    );
    await running.progress(10);
    setting.progress(`PostgreSQL: ${round} of ${rounds} times`);
  }
  return [told("PostgreSQL: all connections killed", `${rounds} times`), ...(await running.figures("PostgreSQL: "))];
}

/** Every so many answers, one is lost with its connection: whoever asked cannot know whether it was done. */
async function lostReplies(setting: Setting): Promise<readonly Figure[]> {
  const { port } = await redisServer(setting);
  const proxy = await startProxy({ port });
  setting.resources.defer(proxy.stop);
  const running = load(setting, { on: "redis", url: `redis://127.0.0.1:${proxy.port}` }, steady);
  await running.progress(20);
  const wanted = sized(setting, { short: 25, long: 300 });
  let lost = 0;
  let left = 0;
  proxy.onData((_, direction) => {
    if (direction !== "answer" || lost >= wanted) return "pass";
    left = left > 0 ? left - 1 : setting.chance.between(5, 60);
    if (left > 0) return "pass";
    lost += 1;
    return "cut";
  });
  while (lost < wanted) {
    await running.progress(5);
    setting.progress(`${lost} of ${wanted} answers lost`);
  }
  return [told("lost replies: answers cut off", lost), ...(await running.figures("lost replies: "))];
}

export const connectionsRun: Run = {
  name: "connections",
  about: "connections killed, scripts forgotten, replies lost on the way, under load",
  async run(setting) {
    return (await Promise.all([onRedis(setting), onPostgres(setting), lostReplies(setting)])).flat();
  },
};
