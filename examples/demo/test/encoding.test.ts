import { describe, expect, it } from "vitest";
import { encodingOf } from "../src/encoding.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the encoding of a file", () => {
  it.each([
    ["plain text", utf8("Arma virumque cano"), "utf-8"],
    ["text with NUL bytes", utf8("a\0b\0"), "utf-8"],
    ["emoji", utf8("🦊"), "utf-8"],
    ["nothing", utf8(""), "utf-8"],
    ["UTF-16 with its mark", Uint8Array.of(0xff, 0xfe, 0x41, 0), "utf-16le"],
    ["UTF-16 the other way round", Uint8Array.of(0xfe, 0xff, 0, 0x41), "utf-16be"],
    ["Latin-1", Uint8Array.of(0x63, 0x61, 0x66, 0xe9), "windows-1252"],
    ["a picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0x0d, 0xff), undefined],
  ])("%s", (_what, sample, encoding) => {
    expect(encodingOf(sample, true)).toBe(encoding);
  });

  it("is not judged by a character that the sample cuts off", () => {
    expect(encodingOf(utf8("🦊").subarray(0, 3), false)).toBe("utf-8");
  });
});
