import { once } from "node:events";
import { connect, createServer } from "node:net";

/** PostgreSQL's "I take queries now": the end of a session's start. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** What it says when an operator ends the session: type, length, and fields that end with a zero each. */
function farewell() {
  const fields = Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0");
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + length.length);
  return Buffer.concat([Buffer.from("E"), length, fields]);
}

/**
 * A proxy before a PostgreSQL that ends sessions in the very packet in which they begin: its first clients get the server's
 * last word together with its first. That happens where somebody ends all sessions while new ones are opened, and too rarely
 * to be waited for.
 *
 * @param {{ url: string, sessions?: number }} options `url` of the server; `sessions`: how many are ended. Default: 1
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} `url`: the server through the proxy
 */
export async function startLastWordProxy({ url, sessions = 1 }) {
  const { hostname: host, port } = new URL(url);
  let left = sessions;
  /** @type {Set<import("node:net").Socket>} */
  const open = new Set();
  const listener = createServer((client) => {
    const server = connect({ port: Number(port || 5432), host });
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    client.pipe(server);
    server.on("data", (chunk) => {
      if (left === 0 || !chunk.subarray(-ready.length).equals(ready)) return client.write(chunk);
      left -= 1;
      client.end(Buffer.concat([chunk, farewell()]));
      return server.destroy();
    });
    server.on("end", () => client.end());
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (listener.address());
  const own = new URL(url);
  own.hostname = address.address;
  own.port = String(address.port);
  return {
    url: own.href,
    async stop() {
      for (const socket of open) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}
