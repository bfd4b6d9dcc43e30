import { startRedisCluster } from "./redis-cluster.mjs";
import { shareServer } from "./shared-server.mjs";

/**
 * Vitest calls this before the first test of a project that names it, and what it returns after the last, whatever
 * happened between. Tests find the three nodes in `SEMEL_TEST_REDIS_CLUSTER`, as host:port with commas between. Other
 * projects may use the same cluster at the same time: use keys of your own, and never flush it.
 */
export default async function setup() {
  return await shareServer("SEMEL_TEST_REDIS_CLUSTER", async () => {
    const { nodes, version, source, stop } = await startRedisCluster({ nodes: 3 });
    console.log(`Redis cluster of ${nodes.length} nodes, ${version} (${source})`);
    return { value: nodes.map(({ host, port }) => `${host}:${port}`).join(), stop };
  });
}
