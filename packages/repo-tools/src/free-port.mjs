import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

// Below the ports that systems give to outgoing connections (Linux from 32768, macOS from 49152). From that range, a
// client that keeps trying a server that is down can be given the very port it wants to reach: it then talks to itself,
// and the server cannot come back. 10,000 more must be below it too: that is where a node of a Redis cluster has its bus.
const lowest = 15_000;
const highest = 22_500;
const attempts = 100;

/**
 * A port on 127.0.0.1 that nobody has. Somebody else may take it before the caller does: whoever starts a server there
 * has to be ready to ask for another one.
 *
 * @param {number[]} offsets these distances from the port must be free as well
 * @returns {Promise<number>}
 */
export async function freePort(...offsets) {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const port = randomInt(lowest, highest);
    const free = await Promise.all([0, ...offsets].map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`No free port between ${lowest} and ${highest} on 127.0.0.1, after ${attempts} attempts.`);
}

/** @param {number} port */
async function isFree(port) {
  const server = createServer();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
