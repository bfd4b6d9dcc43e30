export const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
export const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const bytesOf = (base64: unknown): Uint8Array => Uint8Array.from(Buffer.from(textOf(base64) ?? "", "base64"));
