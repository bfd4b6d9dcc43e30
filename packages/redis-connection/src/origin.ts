import { isIP } from "node:net";
import { OptionInvalidError } from "@semel/core";
import { type Address, addressOf, type Login, loginOf, readUrl } from "./read-url.ts";
import type { RedisClient } from "./redis-client.ts";

type Options = Readonly<Record<string, unknown>>;

/** What a source comes to. Secrets are in `options` and never in `place`, which is for people to read. */
export type Origin =
  | { readonly kind: "server"; readonly place: string; readonly options: Options; readonly hasSentinels: boolean }
  | { readonly kind: "cluster"; readonly place: string; readonly options: Options; readonly nodes: readonly Address[] }
  | { readonly kind: "client"; readonly place: string; readonly client: RedisClient };

const shapes =
  "a URL (redis:// or rediss://), { url }, { sentinels, name }, { cluster }, or an ioredis Redis or Cluster";
const access = ["username", "password", "tls", "ioredis"];

/** @throws `OPTION_INVALID` saying what was expected and what came; no password is ever in the text. */
export function originOf(source: unknown): Origin {
  if (typeof source === "string") return ofServer({ url: source });
  if (typeof source !== "object" || source === null || Array.isArray(source)) throw unknownShape(source);
  if (isClient(source)) return ofClient(source);
  if ("url" in source) return ofServer(checked(source, ["url"]));
  if ("sentinels" in source) return ofSentinels(checked(source, ["sentinels", "name", "db"]));
  if ("cluster" in source) return ofCluster(checked(source, ["cluster"]));
  throw unknownShape(source);
}

function ofServer(source: Options): Origin {
  const { host, port, db, family, isTls, login } = readUrl(source.url, "redis.url");
  if (isTls && source.tls === false) throw new OptionInvalidError("redis.tls", "true, as the URL is rediss://", false);
  const options = {
    host,
    port,
    ...(db === 0 ? {} : { db }),
    ...(family === undefined ? {} : { family }),
    ...loginOf(source, login),
    ...tlsOf(source.tls ?? isTls, host),
    ...passedOn(source),
  };
  return { kind: "server", place: placeOf({ host, port }), options, hasSentinels: false };
}

function ofSentinels(source: Options): Origin {
  const sentinels = listOf(source.sentinels, "redis.sentinels").map((node, at) =>
    addressOf(node, `redis.sentinels[${at}]`, 26_379),
  );
  const { name, db = 0 } = source;
  if (typeof name !== "string" || name === "") {
    throw new OptionInvalidError("redis.name", "the name the Sentinels know the primary by", name);
  }
  if (!isCount(db)) throw new OptionInvalidError("redis.db", "the number of a database, 0 or more", db);
  const tls = tlsOf(source.tls);
  const options = {
    sentinels,
    name,
    db,
    ...loginOf(source),
    ...tls,
    // Where the primary speaks TLS, so do its Sentinels; `ioredis: { sentinelTLS: undefined }` says they do not.
    ...("tls" in tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls.tls } : {}),
    ...passedOn(source),
  };
  const place = `${name} of the Sentinels ${sentinels.map(placeOf).join(", ")}`;
  return { kind: "server", place, options, hasSentinels: true };
}

function ofCluster(source: Options): Origin {
  let login: Login = {};
  let isTls = false;
  const nodes = listOf(source.cluster, "redis.cluster").map((node, at): Address => {
    const option = `redis.cluster[${at}]`;
    if (typeof node !== "string") return addressOf(node, option, 6_379);
    const url = readUrl(node, option);
    if (url.db !== 0) throw new OptionInvalidError(option, "no database but 0, as a Cluster has no other", url.db);
    login = { ...url.login, ...login };
    isTls ||= url.isTls;
    return { host: url.host, port: url.port };
  });
  const tls = tlsOf(source.tls ?? isTls);
  const { redisOptions = {}, ...passed } = passedOn(source);
  if (!isPlain(redisOptions)) throw new OptionInvalidError("redis.ioredis.redisOptions", "an object", redisOptions);
  refusePrefix(redisOptions.keyPrefix, "redis.ioredis.redisOptions");
  const options = {
    // Certificates are for names: turned into an address, a name could not be checked.
    ...("tls" in tls ? { dnsLookup: keepName } : {}),
    ...passed,
    redisOptions: { ...loginOf(source, login), ...tls, ...redisOptions },
  };
  return { kind: "cluster", place: `the Cluster of ${nodes.map(placeOf).join(", ")}`, options, nodes };
}

function ofClient(client: RedisClient): Origin {
  const { host, port, path, name, keyPrefix } = client.options as Options;
  refusePrefix(keyPrefix, "the client's options");
  if (client.nodes !== undefined) return { kind: "client", client, place: "the Cluster of the client given" };
  if (typeof name === "string")
    return { kind: "client", client, place: `${name} of the Sentinels of the client given` };
  const place = typeof path === "string" ? path : placeOf({ host: String(host), port: Number(port) });
  return { kind: "client", client, place };
}

/** By its shape, as it may be of another copy of ioredis. */
function isClient(source: object): source is RedisClient {
  const { call, duplicate, on, options, status } = source as Options;
  const areMethods = [call, duplicate, on].every((member) => typeof member === "function");
  return areMethods && typeof options === "object" && options !== null && typeof status === "string";
}

function checked(source: object, own: readonly string[]): Options {
  const known = [...own, ...access];
  const unknown = Object.keys(source).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new OptionInvalidError(`redis.${unknown}`, `one of ${known.join(", ")}`, unknown);
  return source as Options;
}

function passedOn(source: Options): Options {
  const { ioredis = {} } = source;
  if (!isPlain(ioredis)) throw new OptionInvalidError("redis.ioredis", "an object of options for ioredis", ioredis);
  refusePrefix(ioredis.keyPrefix, "redis.ioredis");
  return ioredis;
}

/** The host's name is what many a proxy finds the server by, and Node does not say it by itself. */
function tlsOf(tls: unknown, host?: string): { readonly tls?: Options } {
  if (tls === false || tls === undefined) return {};
  if (tls !== true && !isPlain(tls)) {
    throw new OptionInvalidError("redis.tls", "true, false, or TLS options of Node", typeof tls);
  }
  const named = host === undefined || isIP(host) !== 0 ? {} : { servername: host };
  return { tls: { ...named, ...(tls === true ? {} : tls) } };
}

/** Scripts name their keys in full; a prefix would be put before some of them and not before others. */
function refusePrefix(keyPrefix: unknown, where: string): void {
  if (keyPrefix === undefined || keyPrefix === "") return;
  throw new OptionInvalidError("keyPrefix", `none in ${where}; Semel has namespaces of its own`, keyPrefix);
}

function listOf(list: unknown, option: string): readonly unknown[] {
  if (!Array.isArray(list) || list.length === 0) throw new OptionInvalidError(option, "a list of one or more", list);
  return list;
}

function unknownShape(source: unknown): OptionInvalidError {
  if (typeof source !== "object" || source === null || Array.isArray(source)) {
    return new OptionInvalidError("redis", shapes, source);
  }
  return new OptionInvalidError("redis", `${shapes}; not an object of { ${Object.keys(source).join(", ")} }`, source);
}

const keepName = (name: string, callback: (error: null, address: string) => void): void => callback(null, name);
const placeOf = ({ host, port }: Address): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isPlain = (value: unknown): value is Options =>
  typeof value === "object" && value !== null && !Array.isArray(value);
