import { textOf } from "@semel/ai/provider";

export const bytesOf = (base64: unknown): Uint8Array => Uint8Array.from(Buffer.from(textOf(base64) ?? "", "base64"));
