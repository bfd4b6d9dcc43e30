import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Chunk, chunkSize, chunksOf } from "../src/chunk.ts";

async function* inPieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function chunked(text: string, size: number, pieceLength = 64): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of chunksOf(inPieces(text, pieceLength), size)) chunks.push(chunk);
  return chunks;
}

/** Every chunk laid down where it says it starts. */
function joined(chunks: readonly Chunk[]): string {
  let text = "";
  for (const chunk of chunks) {
    expect(chunk.start).toBeLessThanOrEqual(text.length);
    text = text.slice(0, chunk.start) + chunk.text;
  }
  return text;
}

const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\n\n", "\r\n\r\n", "\n", " ", ". ", "。", "\0", "🦊", "👩‍👩‍👧"),
    ),
  )
  .map((parts) => parts.join(""));

describe("chunks", () => {
  it("give the text back, whatever it is and however it comes", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText,
        fc.integer({ min: 10, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        async (text, size, piece) => {
          const chunks = await chunked(text, size, piece);
          expect(joined(chunks)).toBe(text);
          expect(chunks.map(({ index }) => index)).toEqual([...chunks.keys()]);
          for (const chunk of chunks) {
            expect(chunk.text.length).toBeGreaterThan(0);
            expect(chunk.text.length).toBeLessThanOrEqual(size);
            expect(chunk.text.isWellFormed()).toBe(true);
          }
        },
      ),
    );
  });

  it("do not depend on the pieces the text comes in", async () => {
    const text = "Arma virumque cano, Troiae qui primus ab oris\n\nItaliam, fato profugus. ".repeat(50);
    expect(await chunked(text, 300, 1)).toEqual(await chunked(text, 300, 10_000));
  });

  it("end with a paragraph where there is one, and then do not overlap", async () => {
    const chunks = await chunked(`${"one ".repeat(15)}\n\n${"two ".repeat(15)}`, 100);
    expect(chunks.map(({ text }) => text)).toEqual([`${"one ".repeat(15)}\n\n`, "two ".repeat(15)]);
  });

  it("overlap by about a tenth, from the start of a word, when they are cut in mid-paragraph", async () => {
    const [first, second] = await chunked("seven77 ".repeat(100), 400);
    const overlap = (first?.text.length ?? 0) - (second?.start ?? 0);
    expect(overlap).toBeGreaterThan(20);
    expect(overlap).toBeLessThanOrEqual(40);
    expect(second?.text.startsWith("seven77")).toBe(true);
  });

  it("of an empty text are none", async () => {
    expect(await chunked("", 100)).toEqual([]);
  });
});

describe("the size of chunks", () => {
  it("grows with the square root of the file's, in steps of two", () => {
    expect(chunkSize(0)).toBe(1_000);
    expect(chunkSize(60_000)).toBe(1_000);
    expect(chunkSize(2 ** 20)).toBe(4_000);
    expect(chunkSize(10 * 2 ** 20)).toBe(16_000);
    expect(chunkSize(64 * 2 ** 20)).toBe(32_000);
  });
});
