import type { Allowance, RateLimits } from "@semel/core";
import type { HeadersLike } from "./failure-facts.ts";

const kinds = ["requests", "tokens"] as const;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What headers as OpenAI sends them (`x-ratelimit-remaining-tokens` …) say of limits; `undefined` where they say nothing. */
export function rateLimitsOf(headers: HeadersLike | undefined): RateLimits | undefined {
  if (!headers) return undefined;
  const found = kinds.flatMap((kind) => {
    const allowance = allowanceOf(headers, kind);
    return allowance ? [[kind, allowance] as const] : [];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function allowanceOf(headers: HeadersLike, kind: (typeof kinds)[number]): Allowance | undefined {
  const number = (what: string): number | undefined => {
    const text = headers.get(`x-ratelimit-${what}-${kind}`);
    return text && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
  };
  const remaining = number("remaining");
  const resetMs = spanOf(headers.get(`x-ratelimit-reset-${kind}`));
  if (remaining === undefined || resetMs === undefined) return undefined;
  const limit = number("limit");
  return { remaining, resetMs, ...(limit !== undefined && { limit }) };
}

/** `"6m0s"`, `"20ms"`, `"1.5s"`: in milliseconds. */
function spanOf(text: string | null | undefined): number | undefined {
  if (!text || !/^(\d{1,9}(\.\d{1,9})?(ms|[smhd])){1,5}$/.test(text)) return undefined;
  return [...text.matchAll(/([\d.]+)(ms|[smhd])/g)].reduce(
    (sum, [, amount = "0", unit = "s"]) => sum + Number(amount) * (unitMs[unit] ?? 0),
    0,
  );
}
