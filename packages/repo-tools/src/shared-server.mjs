/** @typedef {{ value: string, stop: () => Promise<void> }} SharedServer  `value` is what tests find in the variable. */

// Vitest loads a global setup once for each project that names it; a property of the process is there for all of them.
const key = Symbol.for("semel.shared-servers");
const holder = /** @type {{ [key]?: Map<string, { users: number, server: Promise<SharedServer> }> }} */ (globalThis);
holder[key] ??= new Map();
const servers = holder[key];

/**
 * Starts a server for the projects of one test run: the first that asks starts it, the last that is done stops it.
 *
 * @param {string} variable the environment variable by which tests find it
 * @param {() => Promise<SharedServer>} start
 * @returns {Promise<() => Promise<void>>} to be called when a project's last test has ended
 */
export async function shareServer(variable, start) {
  const entry = servers.get(variable) ?? { users: 0, server: start() };
  entry.users += 1;
  servers.set(variable, entry);
  const { value, stop } = await entry.server;
  process.env[variable] = value;
  return async () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    servers.delete(variable);
    delete process.env[variable];
    await stop();
  };
}
