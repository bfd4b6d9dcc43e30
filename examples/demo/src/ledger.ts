import { JsonLines } from "./json-lines.ts";

/** One call that reached the provider and was answered with a vector. */
export interface LedgerLine {
  readonly at: string;
  readonly pid: number;
  /** The idempotency key that came with the call. */
  readonly key: string;
  /** What the call was for. */
  readonly chunk: string;
  /** False when the provider knew the key and took no money. */
  readonly charged: boolean;
}

/**
 * What was really paid: written by the provider, read by the check, unknown to Semel. Nothing in it is unique, so an
 * effect that happened twice is there twice.
 */
export class Ledger {
  readonly #lines: JsonLines<LedgerLine>;

  constructor(path: string) {
    this.#lines = new JsonLines(path);
  }

  get lines(): readonly LedgerLine[] {
    return this.#lines.lines;
  }

  append(line: LedgerLine): void {
    this.#lines.append(line);
  }
}

/** How often each chunk was paid for. */
export function chargesByChunk(lines: readonly LedgerLine[]): ReadonlyMap<string, number> {
  const charges = new Map<string, number>();
  for (const { chunk, charged } of lines) if (charged) charges.set(chunk, (charges.get(chunk) ?? 0) + 1);
  return charges;
}
