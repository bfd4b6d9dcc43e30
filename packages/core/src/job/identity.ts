import { hash } from "node:crypto";
import { OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import { remembered } from "../runtime/remembered.ts";
import type { Canonical } from "./canonical-json.ts";

/**
 * Names the record of one effect: 32 characters of base64url. Same namespace, tenant, type and correlation, same key.
 * The first 4 are a digest of the namespace and the next 6 one of the tenant, so that an operator can tell whose it is,
 * and a store can erase a tenant by a prefix; the other 22 (132 bits) are the hash of it all.
 */
export type GuardKey = string;

/** `<guardKey>.<suffix>`: a job's id says where its record is, so that looking it up needs no index. */
export type JobId = string;

/**
 * The hash of a payload, at most 64 characters: 24 for the whole, then `.`, 3 for the set of field names, and 3 for
 * each of the first 12 fields. Equal payloads have equal fingerprints; unequal ones say which fields differ.
 */
export type Fingerprint = string;

const idSuffix = /^[A-Za-z0-9_-]{1,64}$/;
const tenantPattern = /^[^\p{Cc}\p{Cs}\u2028\u2029]{1,256}$/u;

/** In one call: an object that is fed and then asked costs several times as much, and every enqueue hashes often. */
const sha256 = (text: string): string => hash("sha256", text, "base64url");

/** Length prefixes keep `("a:b", "c")` and `("a", "b:c")` apart; hashing takes care of colons, braces, length and digits. */
function prefixed(...parts: readonly string[]): string {
  let text = "";
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return text;
}

/** A content hash for correlation fields: the first 128 bits of SHA-256, as 22 characters of base64url. */
export function digest(text: string): string {
  return hash("sha256", text, "buffer").toString("base64url", 0, 16);
}

export function guardKey(namespace: string, tenant: string | undefined, type: string, correlation: string): GuardKey {
  // An absent tenant and a tenant named "" must not meet, hence the mark.
  const owner = tenant === undefined ? "-" : `+${tenant}`;
  const all = sha256(prefixed("semel/1", namespace, owner, type, correlation)).slice(0, 22);
  return namespaceMark(namespace) + tenantMark(namespace, owner) + all;
}

const namespaceMark = remembered((namespace) => sha256(prefixed("semel/1/namespace", namespace)).slice(0, 4));
const tenantMark = (namespace: string, owner: string): string => tenantMarks(prefixed(namespace, owner));
const tenantMarks = remembered((owner) => sha256(prefixed("semel/1/tenant") + owner).slice(0, 6));

/** Whether a key can be of this namespace, and where one is given of this tenant: what is not, need not be looked up. */
export function belongs(key: GuardKey, namespace: string, tenant: string | undefined): boolean {
  if (!key.startsWith(namespaceMark(namespace))) return false;
  return tenant === undefined || key.slice(4, 10) === tenantMark(namespace, `+${tenant}`);
}

/** The key an outside service is given to recognise a repeat: same for every attempt of one generation. */
export function effectKey(key: GuardKey, generation: number, step: string): string {
  return sha256(prefixed("semel/1/effect", key, String(generation), step)).slice(0, 32);
}

/** @throws `OPTION_INVALID` for a suffix that is not 1–64 characters of `A–Z a–z 0–9 _ -`. */
export function jobId(key: GuardKey, suffix: string): JobId {
  if (typeof suffix !== "string" || !idSuffix.test(suffix))
    throw new OptionInvalidError("id", "1 to 64 characters of A–Z a–z 0–9 _ -", suffix);
  return `${key}.${suffix}`;
}

/** The guard key inside an id, `undefined` if it is no id of ours. */
export function keyOf(id: JobId): GuardKey | undefined {
  const dot = id.indexOf(".");
  return dot === 32 && /^[\w-]{32}$/.test(id.slice(0, 32)) ? id.slice(0, dot) : undefined;
}

/** The unique half of an id. */
export const suffixOf = (id: JobId): string => id.slice(id.indexOf(".") + 1);

/**
 * The id of another delivery of the same job: the job's, `~`, and what tells it apart. No job's own id has a `~`.
 */
export const anotherDelivery = (id: JobId, mark: string): string => `${id}~${mark}`;

/** The job a delivery is of. */
export function jobOf({ id }: { readonly id: string }): JobId {
  const tail = id.indexOf("~");
  return tail < 0 ? id : id.slice(0, tail);
}

/** @throws `TENANT_INVALID` for anything but 1–256 characters without control characters. */
export function checkTenant(tenant: unknown): string {
  if (typeof tenant === "string" && tenantPattern.test(tenant)) return tenant;
  throw new SemelError("TENANT_INVALID", "a tenant id is a text of 1 to 256 characters without control characters", {
    details: { expected: "text" },
  });
}

/** The same few field names and values come again and again. */
const short = remembered((text) => sha256(text).slice(0, 3));
const namedFields = 12;

export function fingerprintOf({ text, fields }: Canonical): Fingerprint {
  const whole = sha256(`semel/1/payload:${text}`).slice(0, 24);
  let marks = short(fields.map(({ name }) => name).join("\n"));
  for (const field of fields.slice(0, namedFields)) marks += short(field.text);
  return `${whole}.${marks}`;
}

/** Which fields of `payload` differ from the one behind `standing`. Empty when that cannot be told. */
export function differingFields(standing: Fingerprint, payload: Canonical): readonly string[] {
  const ours = fingerprintOf(payload).split(".")[1] ?? "";
  const theirs = standing.split(".")[1] ?? "";
  if (theirs.slice(0, 3) !== ours.slice(0, 3)) return [];
  return payload.fields.slice(0, namedFields).flatMap(({ name }, index) => {
    const at = 3 + index * 3;
    return theirs.slice(at, at + 3) === ours.slice(at, at + 3) ? [] : [name];
  });
}
