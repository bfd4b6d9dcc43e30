/** Why an attempt's signal fired; the `reason` of the signal. */
export type AbortReason = "timeout" | "cancelled" | "lease-lost" | "shutdown";

/** What a signal fires with. */
export class AttemptAborted extends Error {
  override readonly name = "AttemptAborted";
  readonly reason: AbortReason;
  constructor(reason: AbortReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
