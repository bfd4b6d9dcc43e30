type Options = Readonly<Record<string, unknown>>;

/** What a connection is for. */
export type Profile = "commands" | "patient" | "subscriber";

export const connectTimeoutMs = 5_000;
const longestRetryMs = 1_000;

/** How long until the next try to reconnect, in milliseconds: 50, 100, 200 … 1,000, less up to a fifth of chance. */
export function retryDelay(times: number): number {
  return Math.min(longestRetryMs, 50 * 2 ** (times - 1)) * (1 - Math.random() / 5);
}

/**
 * What ioredis is told for one server, over whatever the user told it.
 * @param isEnding once it says yes, nothing reconnects any more.
 */
export function serverOptions(profile: Profile, isEnding: () => boolean, hasSentinels: boolean): Options {
  const failsFast = profile === "commands";
  return {
    ...wire,
    retryStrategy: (times: number) => (isEnding() ? null : retryDelay(times)),
    enableOfflineQueue: !failsFast,
    // Sent again, a command could run twice, and long after its caller has given up.
    autoResendUnfulfilledCommands: !failsFast,
    // 0: what is under way when the connection breaks rejects then. null: it waits for the next connection.
    maxRetriesPerRequest: failsFast ? 0 : null,
    // The check asks again only after a second; a server that still loads says so to each command. With Sentinels it
    // is what tells a primary from one that was.
    enableReadyCheck: !failsFast || hasSentinels,
    // Without the check, ioredis 5 waits for the answers to these and then takes the connection for good, even if it
    // broke meanwhile; and never connects again.
    ...(failsFast ? { disableClientInfo: true, connectionName: undefined } : {}),
  };
}

/** The same for a Cluster. */
export function clusterOptions(profile: Profile, isEnding: () => boolean, ofNodes: Options): Options {
  const failsFast = profile === "commands";
  return {
    lazyConnect: true,
    enableOfflineQueue: !failsFast,
    enableReadyCheck: true,
    // A replica may not have heard yet of what was just written.
    scaleReads: "master",
    clusterRetryStrategy: (times: number) => (isEnding() ? null : retryDelay(times)),
    // 0: a command whose node is lost is not sent to another. Otherwise for some 15 s, as long as a failover may take.
    retryDelayOnFailover: failsFast ? 0 : 250,
    maxRedirections: failsFast ? 16 : 64,
    redisOptions: { ...ofNodes, ...wire, maxRetriesPerRequest: failsFast ? 0 : null },
  };
}

/** What all have in common. */
const wire: Options = {
  lazyConnect: true,
  connectTimeout: connectTimeoutMs,
  // How long a connection that was told to end may take before it is cut. In milliseconds.
  disconnectTimeout: 500,
  // A Sentinel that accepts a connection and says nothing is left for the next one.
  sentinelCommandTimeout: connectTimeoutMs,
  keepAlive: 5_000,
  // Replies of one shape, whichever ioredis it is: 6 speaks RESP3 unless told otherwise.
  protocol: 2,
  replyMapping: "legacy",
  stringNumbers: false,
  readOnly: false,
  autoResubscribe: true,
  // Neither knows a command that blocks from one that is lost; and the second, in ioredis 5, outlives its connection
  // and cuts the next one. The heartbeat does their work.
  commandTimeout: undefined,
  socketTimeout: undefined,
  // A primary that has become a replica: whoever is primary now is found by connecting again.
  reconnectOnError: (error: Error): boolean => /(^|-)READONLY /.test(error.message),
};
