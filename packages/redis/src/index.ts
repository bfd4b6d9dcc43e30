export type { RedisCluster, RedisSentinels, RedisServer, RedisSource } from "@semel/redis-connection";
export { type RedisOptions, redis } from "./redis.ts";
