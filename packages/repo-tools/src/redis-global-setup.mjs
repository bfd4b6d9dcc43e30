import { startRedis } from "./redis.mjs";
import { shareServer } from "./shared-server.mjs";

/**
 * Vitest calls this before the first test of a project that names it, and what it returns after the last, whatever
 * happened between. Tests find the address in `SEMEL_TEST_REDIS_URL`. Other projects, and at `REDIS_URL` other people,
 * may use the same server at the same time: use keys of your own, and never flush it.
 */
export default async function setup() {
  return await shareServer("SEMEL_TEST_REDIS_URL", async () => {
    const { url, version, source, stop } = await startRedis({ shared: true });
    console.log(`Redis ${version} (${source})`);
    return { value: url, stop };
  });
}
