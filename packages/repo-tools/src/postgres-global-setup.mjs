import { startPostgres } from "./postgres.mjs";

/**
 * Vitest calls this before the first test of a project that names it, and what it returns after the last, whatever
 * happened between. Tests find the address in `SEMEL_TEST_PG_URL`.
 */
export default async function setup() {
  const { url, version, source, stop } = await startPostgres();
  console.log(`PostgreSQL ${version} (${source})`);
  process.env.SEMEL_TEST_PG_URL = url;
  return async () => {
    delete process.env.SEMEL_TEST_PG_URL;
    await stop();
  };
}
