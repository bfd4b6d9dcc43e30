/** Characters of an ordinary chunk. */
const ordinarySize = 1_000;
/**
 * The size of the chunks of a file: a file four times as long has chunks twice as long, and twice as many. 1 MB makes
 * some 280 of 4,000 characters, 10 MB some 650 of 16,000. In steps, so that a file that grows a little keeps its chunks.
 */
export function chunkSize(bytes: number): number {
  let size = ordinarySize;
  while (size * size < 15 * bytes) size *= 2;
  return size;
}

export interface Chunk {
  readonly index: number;
  /** Where in the text it starts, in UTF-16 units. */
  readonly start: number;
  readonly text: string;
}

/** Where a chunk may end, the best first. Only a paragraph's end needs no overlap. */
const seams = ["\n\n", "\r\n\r\n", "\n", "。", ". ", " "];
const paragraphSeams = 2;

/**
 * Cuts a text, as it comes, into chunks of at most `size` UTF-16 units: at the end of a paragraph if there is one in the
 * second half, else of a line, a sentence, a word. What is cut in mid-paragraph overlaps by about a tenth. No character
 * is left out, changed or torn into half surrogates.
 */
export async function* chunksOf(pieces: AsyncIterable<string>, size: number): AsyncGenerator<Chunk> {
  let [rest, start, index] = ["", 0, 0];
  for await (const piece of pieces) {
    rest += piece;
    while (rest.length > size) {
      const { end, next } = cut(rest, size);
      yield { index: index++, start, text: rest.slice(0, end) };
      start += next;
      rest = rest.slice(next);
    }
  }
  if (rest !== "") yield { index, start, text: rest };
}

function cut(text: string, size: number): { readonly end: number; readonly next: number } {
  const least = Math.ceil(size / 2);
  for (const [rank, seam] of seams.entries()) {
    const end = text.lastIndexOf(seam, size - seam.length) + seam.length;
    if (end > least) return { end, next: rank < paragraphSeams ? end : overlapFrom(text, end, size) };
  }
  const end = whole(text, size);
  return { end, next: overlapFrom(text, end, size) };
}

/** About a tenth before `end`, at the beginning of a word where there is one. */
function overlapFrom(text: string, end: number, size: number): number {
  const from = end - Math.floor(size / 10);
  const space = text.indexOf(" ", from);
  return space >= 0 && space + 1 < end ? space + 1 : whole(text, from);
}

/** `at`, or one less where that would tear a surrogate pair. */
function whole(text: string, at: number): number {
  const isInsidePair = /[\ud800-\udbff]/.test(text[at - 1] ?? "") && /[\udc00-\udfff]/.test(text[at] ?? "");
  return isInsidePair && at > 1 ? at - 1 : at;
}
