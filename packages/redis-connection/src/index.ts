export { withoutArguments } from "./failure.ts";
export { openRedis } from "./open-redis.ts";
export type { RedisClient } from "./redis-client.ts";
export type { Judgement, RedisConnection, RedisConnectionOptions } from "./redis-connection.ts";
export type { RedisCluster, RedisSentinels, RedisServer, RedisSource } from "./redis-source.ts";
export { runScript, type Script, script } from "./script.ts";
