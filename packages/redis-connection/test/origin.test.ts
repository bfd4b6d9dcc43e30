import { SemelError } from "@semel/core";
import { expect, test } from "vitest";
import { openRedis, type RedisSource } from "../src/index.ts";
import { originOf } from "../src/origin.ts";

const secret = "s3cret";

test.each<[string, object]>([
  ["redis://localhost", { host: "localhost", port: 6379 }],
  ["redis://", { host: "localhost", port: 6379 }],
  ["redis://example.com:7000/3", { host: "example.com", port: 7000, db: 3 }],
  ["redis://example.com/", { host: "example.com", port: 6379 }],
  ["REDIS://example.com/0", { host: "example.com", port: 6379 }],
  ["redis://[2001:db8::1]:7000", { host: "2001:db8::1", port: 7000 }],
  ["redis://:p%40%3A%2F%25@h", { host: "h", port: 6379, password: "p@:/%" }],
  ["redis://user%40x:p@h", { host: "h", port: 6379, username: "user@x", password: "p" }],
  ["redis://h?family=6", { host: "h", port: 6379, family: 6 }],
  ["rediss://cache.example.com", { host: "cache.example.com", port: 6379, tls: { servername: "cache.example.com" } }],
  ["rediss://127.0.0.1:7000", { host: "127.0.0.1", port: 7000, tls: {} }],
  ["rediss://[::1]", { host: "::1", port: 6379, tls: {} }],
])("%s is read", (url, options) => {
  expect(originOf(url)).toMatchObject({ kind: "server", options });
  expect(Object.keys((originOf(url) as { options: object }).options).sort()).toEqual(Object.keys(options).sort());
});

test("what is said beside a URL wins over what is in it", () => {
  const ca = "certificate";
  const source = { url: "rediss://u:p@h/2", username: "v", password: "q", tls: { ca }, ioredis: { db: 5, family: 4 } };
  const options = { host: "h", username: "v", password: "q", tls: { servername: "h", ca }, db: 5, family: 4 };
  expect(originOf(source)).toMatchObject({ options });
  const own = { url: "rediss://h", tls: { servername: "other" } };
  expect(originOf(own)).toMatchObject({ options: { tls: { servername: "other" } } });
  expect(originOf({ url: "redis://h", tls: true })).toMatchObject({ options: { tls: { servername: "h" } } });
  expect(originOf({ url: "redis://h", tls: false })).not.toHaveProperty("options.tls");
});

test("Sentinels are read", () => {
  const sentinels = [{ host: "a", port: 26_379 }];
  const origin = originOf({ sentinels: [{ host: "a" }], name: "main", db: 1, password: secret, tls: true });
  const options = { sentinels, name: "main", db: 1, password: secret, tls: {}, enableTLSForSentinelMode: true };
  expect(origin).toMatchObject({ kind: "server", hasSentinels: true, options, place: "main of the Sentinels a:26379" });
  const plain = originOf({ sentinels, name: "main", tls: true, ioredis: { sentinelTLS: undefined } });
  expect(plain).toMatchObject({ options: { sentinelTLS: undefined, tls: {} } });
});

test("a Cluster is read, from addresses and URLs", () => {
  const cluster = [{ host: "a", port: 7000 }, "rediss://u:p@b:7001"];
  expect(originOf({ cluster })).toMatchObject({
    kind: "cluster",
    place: "the Cluster of a:7000, b:7001",
    nodes: [
      { host: "a", port: 7000 },
      { host: "b", port: 7001 },
    ],
    options: { redisOptions: { username: "u", password: "p", tls: {} }, dnsLookup: expect.any(Function) },
  });
  const withOptions = { cluster, ioredis: { natMap: {}, redisOptions: { family: 6 } }, password: "q" };
  const options = { natMap: {}, redisOptions: { family: 6, username: "u", password: "q" } };
  expect(originOf(withOptions)).toMatchObject({ options });
});

test.each<[string, unknown, RegExp]>([
  ["nothing", undefined, /^redis: expected a URL .*, got undefined$/],
  ["a number", 6379, /^redis: expected .*, got 6379$/],
  ["a list", [{ host: "a", port: 1 }], /^redis: expected .*, got an array$/],
  ["a shape there is none of", { host: "a", port: 1 }, /not an object of \{ host, port \}/],
  [
    "an option there is none of",
    { url: "redis://h", pasword: secret },
    /^redis\.pasword: expected one of url, username/,
  ],
  ["no URL", "localhost:6379", /expected redis:\/\/.*got "text without a scheme"/],
  ["nothing in a variable", "", /expected redis:\/\/.*got "an empty text"/],
  ["another protocol", `https://u:${secret}@h`, /got "https:\/\/…"/],
  ["a URL that is no text", { url: 5 }, /got 5/],
  ["a slash in the password", `redis://u:${secret}/x@h:6379`, /percent-encoded/],
  ["a number sign in the password", `redis://u:1#${secret}@h:6379`, /%23/],
  ["a slash in a password of digits", `redis://u:1/${secret}@h:6379`, /%2F/],
  ["a lone % in the password", `redis://u:${secret}%@h`, /% is written %25/],
  ["a database that is no number", `redis://h/main`, /number of a database/],
  ["a parameter", `redis://h?password=${secret}`, /no parameter but family.*got "password"/],
  ["another family", "redis://h?family=5", /expected 0, 4 or 6, got "5"/],
  ["TLS both ways", { url: "rediss://h", tls: false }, /redis\.tls: expected true/],
  ["TLS options that are text", { url: "redis://h", tls: secret }, /redis\.tls: expected true, false, or TLS options/],
  ["a password that is no text", { url: "redis://h", password: 5 }, /redis\.password: expected text, got "number"/],
  ["options for ioredis that are none", { url: "redis://h", ioredis: 5 }, /redis\.ioredis: expected an object/],
  ["a prefix", { url: "redis://h", ioredis: { keyPrefix: "a:" } }, /keyPrefix: expected none in redis\.ioredis/],
  ["no Sentinels", { sentinels: [], name: "main" }, /redis\.sentinels: expected a list of one or more/],
  ["Sentinels without a name", { sentinels: [{ host: "a" }] }, /redis\.name: expected the name/],
  ["a Sentinel without a host", { sentinels: [{ port: 1 }], name: "main" }, /redis\.sentinels\[0\]\.host/],
  ["a port that is none", { sentinels: [{ host: "a", port: 70_000 }], name: "m" }, /redis\.sentinels\[0\]\.port/],
  ["a database below 0", { sentinels: [{ host: "a" }], name: "main", db: -1 }, /redis\.db/],
  ["a Cluster's database", { cluster: ["redis://h/1"] }, /redis\.cluster\[0\]: expected no database but 0/],
  [
    "a prefix of nodes",
    { cluster: ["redis://h"], ioredis: { redisOptions: { keyPrefix: "a" } } },
    /^keyPrefix: expected/,
  ],
  ["a Cluster that is one URL", { cluster: "redis://h" }, /redis\.cluster: expected a list/],
  ["a client of another library", { connect() {}, duplicate() {}, on() {}, options: {} }, /or an ioredis Redis/],
])("%s is refused, and no password shown", (_, source, text) => {
  let thrown: unknown;
  try {
    openRedis(source as RedisSource);
  } catch (error) {
    thrown = error;
  }
  if (!SemelError.isInstance(thrown)) throw new Error(`not refused: ${thrown}`);
  expect(thrown.code).toBe("OPTION_INVALID");
  expect(thrown.message).toMatch(text);
  expect(`${thrown.message} ${JSON.stringify(thrown)}`).not.toContain(secret);
});

test("an option of the connection there is none of is refused", () => {
  const misspelt = { allowNoPersistance: true } as object;
  expect(() => openRedis("redis://h", misspelt)).toThrow(/allowNoPersistance: expected one of allowNoPersistence/);
});
