import { describe, expect, it } from "vitest";
import { decodeEnvelope, type Envelope, encodeEnvelope } from "../src/job/envelope.ts";

const key = "k".repeat(32);
const envelope: Envelope = {
  semel: 1,
  id: `${key}.x`,
  type: "embed",
  version: 1,
  lane: "embed",
  key,
  fingerprint: "f",
  tenant: "~org",
  createdAt: 1,
  notBefore: 1,
  deadlineAt: 2,
  counters: { attempts: 0, crashes: 0, deferrals: 0, redrives: 0 },
  timings: { enqueuedAt: 1 },
  meta: { note: "~f32:AAAA" },
};

describe("envelope", () => {
  it("comes back as it went, with the payload byte for byte", () => {
    const text = encodeEnvelope(envelope, '{"b":1,"a":"\\u0000😀"}');
    expect(text).toContain('{"b":1,"a":"\\u0000😀"}');
    expect(decodeEnvelope(text)).toEqual({ is: "envelope", envelope, payload: { b: 1, a: "\u0000😀" } });
  });

  it("keeps fields a newer minor added", () => {
    const text = encodeEnvelope({ ...envelope, later: 1 } as Envelope, "null");
    expect(decodeEnvelope(text)).toMatchObject({ envelope: { later: 1 } });
  });

  it("tells a newer format from an unreadable one", () => {
    expect(decodeEnvelope(JSON.stringify({ semel: 2 }))).toEqual({ is: "newer-format", format: 2 });
  });

  it.each([
    ["no JSON", "nope"],
    ["a scalar", "7"],
    ["null", "null"],
    ["another writer's job", '{"name":"embed","data":{}}'],
    ["a missing field", JSON.stringify({ ...envelope, type: undefined })],
    ["a wrong type", JSON.stringify({ ...envelope, version: "1" })],
    ["an id that does not belong to its key", JSON.stringify({ ...envelope, id: `${"j".repeat(32)}.x` })],
    ["a polluting key", `${JSON.stringify(envelope).slice(0, -1)},"payload":{"__proto__":{"admin":true}}}`],
    ["an empty text", ""],
  ])("finds %s unreadable, and says why", (_name, text) => {
    expect(decodeEnvelope(text)).toEqual({ is: "unreadable", problem: expect.stringMatching(/./) });
  });

  it("is checked on the way out as well", () => {
    expect(() => encodeEnvelope({ ...envelope, version: 0 }, "null")).toThrow(
      expect.objectContaining({ code: "ENVELOPE_INVALID" }),
    );
  });
});
