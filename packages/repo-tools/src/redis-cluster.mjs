import { askRedis } from "./ask-redis.mjs";
import { freePort } from "./free-port.mjs";
import { field, isPortTaken, portAttempts, startServer } from "./redis.mjs";

/**
 * @typedef {object} RedisCluster
 * @property {string} url of the first node
 * @property {string} version
 * @property {import("./redis-binary.mjs").RedisSource} source
 * @property {{ host: string, port: number }[]} nodes
 * @property {import("./redis.mjs").Redis[]} servers the same nodes, to be killed, paused or restarted one by one
 * @property {() => Promise<void>} stop
 */

const slots = 16_384;
const readyTimeoutMs = 60_000;
// A node talks to the others on a second port, this far from the first.
const busOffset = 10_000;

/**
 * A private Redis cluster of masters without replicas, each with an equal share of the slots. Resolves when every node
 * says that all is well. Where it comes from is said at `startRedis`.
 *
 * @param {{ nodes?: number, args?: string[], appendonly?: boolean }} [options] three nodes, if not said otherwise; the
 *   rest is for each node
 * @returns {Promise<RedisCluster>}
 */
export async function startRedisCluster({ nodes: count = 3, args = [], appendonly = false } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await severalPorts(count);
    /** @type {import("./redis.mjs").Redis[]} */
    const servers = [];
    // The last first: containers share the first one's network, and it must be the last to go.
    const stop = async () => {
      for (const server of servers.toReversed()) await server.stop();
    };
    try {
      /** @type {string | undefined} */
      let network;
      for (const at of ports.keys()) {
        const flags = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1", ...args];
        const started = await startServer({ args: flags, appendonly }, { ports, at, network });
        network ??= started.network;
        servers.push(started.redis);
      }
      await join(servers);
      const [{ url, version, source }] = /** @type {[import("./redis.mjs").Redis]} */ (servers);
      // Only the one at REDIS_URL has another source, and it is not asked here.
      const origin = /** @type {import("./redis-binary.mjs").RedisSource} */ (source);
      return { url, version, source: origin, nodes: servers.map(({ host, port }) => ({ host, port })), servers, stop };
    } catch (error) {
      await stop();
      if (!isPortTaken(error) || attempt === portAttempts) throw error;
    }
  }
}

/** @param {number} count */
async function severalPorts(count) {
  /** @type {Set<number>} */
  const ports = new Set();
  while (ports.size < count) ports.add(await freePort(busOffset));
  return [...ports];
}

/**
 * Makes single servers one cluster. Plain commands rather than `redis-cli`, which need not be there.
 *
 * @param {import("./redis.mjs").Redis[]} servers
 */
async function join(servers) {
  for (const [index, { url }] of servers.entries()) {
    const from = Math.floor((index * slots) / servers.length);
    const to = Math.floor(((index + 1) * slots) / servers.length);
    const share = Array.from({ length: to - from }, (_, slot) => String(from + slot));
    // Different epochs from the start: nodes that meet with the same one first have to settle who is right. ADDSLOTS
    // names each slot; the form with ranges came with Redis 7.
    await askRedis(url, [
      ["CLUSTER", "SET-CONFIG-EPOCH", String(index + 1)],
      ["CLUSTER", "ADDSLOTS", ...share],
    ]);
  }
  const [first, ...others] = servers;
  if (first === undefined) throw new Error("A cluster needs at least one node.");
  for (const { host, port } of others) await askRedis(first.url, [["CLUSTER", "MEET", host, String(port)]]);
  const deadline = performance.now() + readyTimeoutMs;
  for (const { url, port } of servers) {
    while (!(await isReady(url, servers.length))) {
      if (performance.now() > deadline) throw new Error(`The Redis cluster's node ${port} is not ready.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/**
 * Whether a node knows all the others and finds every slot served.
 *
 * @param {string} url
 * @param {number} count
 */
async function isReady(url, count) {
  const [info = ""] = await askRedis(url, [["CLUSTER", "INFO"]]);
  const known = Number(field(info, "cluster_known_nodes"));
  const served = Number(field(info, "cluster_slots_ok"));
  return field(info, "cluster_state") === "ok" && known === count && served === slots;
}
