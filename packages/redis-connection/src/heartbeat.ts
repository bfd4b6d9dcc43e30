import type { RedisClient } from "./redis-client.ts";

const everyMs = 4_000;
const mayMiss = 2;

interface Pulse {
  isAsked: boolean;
  misses: number;
}

/**
 * Notices a connection that is open and dead: after a cut that sent nobody a word, TCP itself takes up to a quarter
 * of an hour. Asks for a sign of life every 4 s and cuts the connection when there was none for 8 s; so 8 to 12.5 s
 * after the cut, commands under way learn of it and the client connects anew. The same for a connection that does not
 * become ready.
 *
 * Counts its own ticks rather than time: a process that was busy or asleep for long has answers waiting to be read, and
 * reads them before the next tick.
 *
 * @returns what ends it.
 */
export function heartbeat(client: RedisClient): () => void {
  const pulses = new WeakMap<RedisClient, Pulse>();
  const beat = (): void => {
    for (const server of client.nodes?.() ?? [client]) {
      // In between it has no connection, and ioredis sees to it that it gets one.
      const isConnected = server.status === "ready" || server.status === "connect";
      const pulse = (isConnected && pulses.get(server)) || { isAsked: false, misses: 0 };
      pulses.set(server, pulse);
      if (server.status === "ready" && !pulse.isAsked) ask(server, pulse);
      else if (isConnected) pulse.misses += 1;
      if (pulse.misses < mayMiss) continue;
      pulses.delete(server);
      server.disconnect(true);
    }
  };
  const timer = setInterval(beat, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function ask(server: RedisClient, pulse: Pulse): void {
  pulse.isAsked = true;
  pulse.misses = 0;
  const answered = (): void => {
    pulse.isAsked = false;
    pulse.misses = 0;
  };
  // A refusal is a sign of life as well; and a connection that breaks has its own way of saying so.
  server.call("ping").then(answered, answered);
}
