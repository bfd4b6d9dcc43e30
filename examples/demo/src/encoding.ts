/** How many bytes at the start of a file decide what it is. */
export const sampleBytes = 8_192;

/**
 * What to decode a file with, judged by its beginning; `undefined` if it is no text. Text may hold NUL bytes; what holds
 * them and is not UTF-8 besides is taken for binary.
 *
 * @param isWhole whether the sample is all there is
 */
export function encodingOf(sample: Uint8Array, isWhole: boolean): string | undefined {
  const [first, second] = sample;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (isUtf8(sample, isWhole)) return "utf-8";
  // Neither tabs, line breaks nor escape sequences of old printers.
  const strange = sample.reduce((sum, byte) => sum + (byte < 0x20 && ![9, 10, 12, 13, 27].includes(byte) ? 1 : 0), 0);
  return strange === 0 ? "windows-1252" : undefined;
}

function isUtf8(sample: Uint8Array, isWhole: boolean): boolean {
  try {
    // As a stream, a sample may end in the middle of a character.
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
}
