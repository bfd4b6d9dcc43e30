/*
 * Servers whose time a test turns. A store on a server takes its time from there; these make its statements and scripts be
 * told another one.
 */

/**
 * @template {{ query(text: string, params?: any[]): Promise<any> }} Client
 * @param {Client} client
 * @param {() => number} now milliseconds since 1970
 * @returns {Pick<Client, "query">} a client whose server seems to have that time
 */
export function sqlAt(client, now) {
  return {
    query: (text, params) =>
      client.query(text.replaceAll("clock_timestamp()", `to_timestamp(${now()}::numeric / 1000)`), params),
  };
}

/** @typedef {(command: string, ...args: any[]) => Promise<unknown>} Send */

/**
 * @template {{ readonly isCluster: boolean, commands(): Promise<any>, close(): Promise<void> }} Connection
 * @param {Connection} connection
 * @param {(send: Send, command: string, args: any[]) => Promise<unknown>} intercept
 * @returns {Connection} the same, with a say in every command that is not for subscribing; closing it closes nothing
 */
export function intercepted(connection, intercept) {
  /** @param {any} client @returns {any} */
  const through = (client) =>
    new Proxy(client, {
      get(target, name) {
        /** @type {Send} */
        const send = (command, ...args) => target.call(command, ...args);
        if (name === "call")
          return (/** @type {string} */ command, /** @type {any[]} */ ...args) => intercept(send, command, args);
        if (name === "nodes") return target.nodes && ((/** @type {string} */ role) => target.nodes(role).map(through));
        return Reflect.get(target, name, target);
      },
    });
  /** @type {Record<string | symbol, unknown>} */
  const ours = {
    commands: async () => through(await connection.commands()),
    share: () => proxy,
    close: async () => {},
  };
  const proxy = new Proxy(connection, {
    get(target, name) {
      if (Object.hasOwn(ours, name)) return ours[name];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return proxy;
}

const wholeMs = "math.floor(time[2] / 1000)";
const theTime = `time[1] * 1000 + ${wholeMs}`;

/** What is told the time goes by it in all it does. Redis itself goes on to count what is left of a key by its own. */
const told = `
local given = tonumber(table.remove(ARGV))
local function left_of(key)
  local left, time = redis.call('PTTL', key), redis.call('TIME')
  return left < 0 and left or left + ${theTime} - given
end
`;

/**
 * @template {Parameters<typeof intercepted>[0]} Connection
 * @param {Connection} connection
 * @param {(text: string, args: any[]) => readonly [text: string, args: any[]]} rewrite
 * @returns {Connection}
 */
function withScripts(connection, rewrite) {
  return intercepted(connection, async (send, command, args) => {
    // Not known by name, so that the text is sent.
    if (command === "evalsha") throw new Error("NOSCRIPT");
    if (command !== "eval") return send(command, ...args);
    const [text, rest] = rewrite(String(args[0]), args.slice(1));
    return send("eval", text, ...rest);
  });
}

/**
 * A connection whose server seems to be ahead: the scripts that go through it are told so.
 *
 * @template {Parameters<typeof intercepted>[0]} Connection
 * @param {Connection} connection
 * @param {() => number} leapMs
 * @returns {Connection}
 */
export function redisAhead(connection, leapMs) {
  return withScripts(connection, (text, args) => [text.replace(wholeMs, `${wholeMs} + ${leapMs()}`), args]);
}

/**
 * A connection whose scripts are told what time it is. Keys expire by the server's own clock, which must be behind.
 *
 * @template {Parameters<typeof intercepted>[0]} Connection
 * @param {Connection} connection
 * @param {() => number} now milliseconds since 1970
 * @returns {Connection}
 */
export function redisAt(connection, now) {
  return withScripts(connection, (text, args) => {
    if (!text.includes(theTime)) return [text, args];
    // One text for all times, as a server keeps every text it has seen.
    const turned = text.replace(theTime, "given").replaceAll("redis.call('PTTL', ", "left_of(");
    return [told + turned, [...args, now()]];
  });
}
