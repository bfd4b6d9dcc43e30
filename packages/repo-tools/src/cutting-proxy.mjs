import { once } from "node:events";
import { connect, createServer } from "node:net";
import { freePort } from "./free-port.mjs";
import { ProxiedConnection } from "./proxied-connection.mjs";

/** @typedef {import("./proxied-connection.mjs").Judge} Judge */

/**
 * @typedef {object} CuttingProxy
 * @property {number} port on 127.0.0.1; the same for its whole life
 * @property {() => number} connections how many are open
 * @property {() => void} cut resets every connection, on both sides
 * @property {() => Promise<void>} refuse from now on nobody can connect; what is open stays open
 * @property {() => Promise<void>} accept the opposite of `refuse`
 * @property {() => void} swallow half-open: connections stay, and nothing gets through, in no direction; new ones too
 * @property {() => void} flow the opposite of `swallow`. TCP never leaves bytes out, so a connection that has lost some
 *   is reset; the others go on
 * @property {(judge: Judge | undefined) => void} onData asks `judge` about every chunk before it is passed on; replaces
 *   the judge before. Without one everything passes
 * @property {() => Promise<void>} stop resets what is open and gives the port back
 */

const portAttempts = 3;

/**
 * A TCP proxy on 127.0.0.1 that does to connections what bad networks do. Where the server cannot be reached, whoever
 * connects is accepted and then reset.
 *
 * @param {{ port: number, host?: string }} server where connections lead; on 127.0.0.1 unless `host` says otherwise
 * @returns {Promise<CuttingProxy>}
 */
export async function startProxy({ port: serverPort, host = "127.0.0.1" }) {
  /** @type {Set<ProxiedConnection>} */
  const open = new Set();
  let isSwallowing = false;
  let counter = 0;
  /** @type {Judge | undefined} */
  let judge;

  /** @param {import("node:net").Socket} client */
  const begin = (client) => {
    const server = connect({ port: serverPort, host, allowHalfOpen: true, noDelay: true });
    counter += 1;
    const connection = new ProxiedConnection(counter, client, server, {
      isSwallowing: () => isSwallowing,
      judge: (chunk, direction, id) => judge?.(chunk, direction, id) ?? "pass",
      closed: () => open.delete(connection),
    });
    open.add(connection);
  };
  const cut = () => {
    for (const connection of open) connection.reset();
  };
  const first = await firstListener(begin);
  const { port } = first;
  /** @type {import("node:net").Server | undefined} */
  let listener = first.listener;
  const refuse = async () => {
    // Its callback would wait for the connections that are open; the port itself is closed at once.
    listener?.close();
    listener = undefined;
  };
  return {
    port,
    connections: () => open.size,
    cut,
    refuse,
    async accept() {
      listener ??= await listen(port, begin);
    },
    swallow() {
      isSwallowing = true;
    },
    flow() {
      isSwallowing = false;
      for (const connection of open) if (connection.hasLost()) connection.reset();
    },
    onData(next) {
      judge = next;
    },
    async stop() {
      const closed = listener === undefined ? undefined : once(listener, "close");
      await refuse();
      cut();
      await closed;
    },
  };
}

/** @param {(client: import("node:net").Socket) => void} begin */
async function firstListener(begin) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { port, listener: await listen(port, begin) };
    } catch (error) {
      // Between finding a free port and taking it, somebody else may have taken it.
      if (attempt === portAttempts) throw error;
    }
  }
}

/**
 * @param {number} port
 * @param {(client: import("node:net").Socket) => void} begin
 */
async function listen(port, begin) {
  // What was said before half of a connection closed must still arrive.
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, begin);
  listener.listen({ port, host: "127.0.0.1", exclusive: true });
  await once(listener, "listening");
  return listener;
}
