import { OptionInvalidError } from "@semel/core";
import type { EmbeddingCache } from "./embedding-cache.ts";

/** Key, entry and the map's own account of it, roughly. Bytes. */
const overheadBytes = 200;

/**
 * Vectors in this process's memory. The longest unused go first.
 * @throws `OPTION_INVALID`
 */
export function memoryCache(
  options: { /** Default: 67,108,864. */ readonly maxBytes?: number | undefined } = {},
): EmbeddingCache {
  const { maxBytes = 64 * 1024 * 1024 } = options;
  if (!(maxBytes > 0)) throw new OptionInvalidError("memoryCache.maxBytes", "a number of bytes above 0", maxBytes);
  // A Map keeps the order of insertion: what is used is put in again, so the first is the longest unused.
  const kept = new Map<string, Float32Array>();
  let bytes = 0;
  const drop = (key: string, vector: Float32Array): void => {
    kept.delete(key);
    bytes -= vector.byteLength + overheadBytes;
  };
  return {
    get: (keys) =>
      keys.map((key) => {
        const vector = kept.get(key);
        if (!vector) return undefined;
        kept.delete(key);
        kept.set(key, vector);
        return vector.slice();
      }),
    set(entries) {
      for (const { key, vector } of entries) {
        const before = kept.get(key);
        if (before) drop(key, before);
        kept.set(key, vector.slice());
        bytes += vector.byteLength + overheadBytes;
      }
      for (const [key, vector] of kept) {
        if (bytes <= maxBytes) break;
        drop(key, vector);
      }
    },
  };
}
