import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** One call that the provider answered, as its bill has it. */
export interface LedgerLine {
  /** The idempotency key that came with the call. */
  readonly key: string;
  readonly text: string;
  /** False when the key was known: answered again, not charged again. */
  readonly charged: boolean;
}

const latencyMs = 300;
const dimensions = 8;

/**
 * Stands for a paid embedding service. It takes a moment, and writes every answered call into a file that Semel knows
 * nothing of. Like real ones, it charges an idempotency key once.
 */
export class FakeProvider {
  readonly #ledger: string;

  constructor(ledger: string) {
    this.#ledger = ledger;
  }

  async embed(text: string, key: string, signal: AbortSignal): Promise<Float32Array> {
    await delay(latencyMs, undefined, { signal });
    const charged = !readLedger(this.#ledger).some((line) => line.key === key);
    appendFileSync(this.#ledger, `${JSON.stringify({ key, text, charged } satisfies LedgerLine)}\n`);
    const vector = new Float32Array(dimensions);
    for (const [at, unit] of [...text].entries()) vector[at % dimensions] = (unit.codePointAt(0) ?? 0) / 0x10ffff;
    return vector;
  }
}

export function readLedger(path: string): readonly LedgerLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LedgerLine);
}
