import { createLedger, type Ledger } from "@semel/repo-tools/ledger";
import { onTestFinished } from "vitest";

export { type Ledger, notOnce } from "@semel/repo-tools/ledger";

/** One that goes with the test. */
export function freshLedger(): Ledger {
  const ledger = createLedger();
  onTestFinished(ledger.remove);
  return ledger;
}
