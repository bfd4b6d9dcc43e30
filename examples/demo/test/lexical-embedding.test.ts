import { describe, expect, it } from "vitest";
import { cosine, dimensions, lexicalEmbedding } from "../src/lexical-embedding.ts";

const near = (one: string, other: string): number => cosine(lexicalEmbedding(one), lexicalEmbedding(other));

describe("the lexical embedding", () => {
  it("gives the same text the same vector, of length 1", () => {
    const vector = lexicalEmbedding("A worker that dies loses its lease.");
    expect(vector).toHaveLength(dimensions);
    expect(vector).toEqual(lexicalEmbedding("A worker that dies loses its lease."));
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });

  it("finds texts that share words nearer than texts that do not", () => {
    const question = "how long is a lease of a worker";
    expect(near(question, "The lease of a worker is thirty seconds long.")).toBeGreaterThan(
      near(question, "Payloads are checked against their schema when they are enqueued."),
    );
  });

  it("finds a word in another form, by its parts", () => {
    expect(near("retrying", "retries and retry policies")).toBeGreaterThan(near("retrying", "leases and fences"));
    expect(near("ΔΕΛΤΑ", "δελτα")).toBeCloseTo(1, 5);
  });

  it.each(["", " \n\t", "\0\0"])("gives %j, which has nothing in it, no direction", (text) => {
    expect([...lexicalEmbedding(text)].every((value) => value === 0)).toBe(true);
  });

  it.each(["🦊🦊🦊", "———", "日本語のテキスト", "a\0b", "\u{10ffff}"])("takes %j", (text) => {
    expect([...lexicalEmbedding(text)].every(Number.isFinite)).toBe(true);
  });
});
