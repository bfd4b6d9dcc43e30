import { type Model, type ModelCall, ModelError, type ModelErrorCode, type RateLimits } from "@semel/core";
import type { Permit } from "../breaker/breaker.ts";
import { countedAs, isLocalHost } from "../breaker/counted-as.ts";
import type { Passage } from "../gate/gate.ts";
import { tellLimits, tellUsage } from "../listeners.ts";
import { nothingSpent } from "../usage-sum.ts";
import type { Guards } from "./traffic.ts";

/** A call that was let through. One of the three ends it, once. */
export interface Admitted {
  /** What the model is to be called with. */
  readonly call: ModelCall;
  answered(): void;
  /** It threw; the same comes out of the limited model. */
  failed(thrown: unknown): void;
  /** Nobody wants its answer any more. */
  dropped(): void;
}

/**
 * Asks the gate, the breaker and the credential's lane. The lane comes last because letting a trial through uses it up; the
 * other two are given back when a later one refuses.
 * @throws `MODEL_CREDENTIAL_REFUSED`, `MODEL_QUOTA_SPENT`, `MODEL_RATE_LIMITED`, `MODEL_BREAKER_OPEN`; nothing was sent.
 */
export async function admit(model: Model, { breaker, gate, parking }: Guards, call: ModelCall): Promise<Admitted> {
  const refuse = (code: ModelErrorCode, why: string, retryAfterMs: number): never => {
    tellUsage(call, nothingSpent);
    throw new ModelError(code, `${model.provider}/${model.model}: ${why}; nothing was sent`, {
      provider: model.provider,
      model: model.model,
      usage: nothingSpent,
      ...(code === "MODEL_CREDENTIAL_REFUSED"
        ? { failureClass: "fail" }
        : { failureClass: "defer", isRetryable: true, retryAfterMs }),
    });
  };
  if (call.signal?.aborted) {
    tellUsage(call, nothingSpent);
    throw call.signal.reason;
  }
  const passage = await gate?.enter();
  if (passage && "retryAfterMs" in passage) refuse("MODEL_RATE_LIMITED", passage.reason, passage.retryAfterMs);
  const entered = passage as Passage | undefined;
  const permit = breaker?.ask();
  if (permit && "retryAfterMs" in permit) {
    entered?.leave(aside(model));
    refuse("MODEL_BREAKER_OPEN", "it has failed too often lately", permit.retryAfterMs);
  }
  const allowed = permit as Permit | undefined;
  const parked = parking.ask();
  if (parked) {
    entered?.leave(aside(model));
    allowed?.end("ignored");
    const why = parked.code === "MODEL_QUOTA_SPENT" ? "its account has no quota left" : "its credential was refused";
    refuse(parked.code, why, parked.retryAfterMs);
  }
  const isLocal = model.provider === "ollama" || isLocalHost(model.host);
  const onLimits = (limits: RateLimits): void => {
    entered?.limits(limits);
    tellLimits(call, limits);
  };
  const dropped = (): void => {
    entered?.leave(aside(model));
    allowed?.end("ignored");
  };
  return {
    call: { ...call, onLimits },
    answered() {
      entered?.leave();
      allowed?.end("success");
      parking.free();
    },
    failed(thrown) {
      if (call.signal?.aborted && !ModelError.isInstance(thrown)) return dropped();
      const error = ModelError.isInstance(thrown) ? thrown : undefined;
      entered?.leave(error ?? aside(model));
      allowed?.end(countedAs(thrown, allowed.isTrial, isLocal));
      if (error?.code === "MODEL_UNTRUSTED") breaker?.trip();
      if (error?.code === "MODEL_QUOTA_SPENT" || error?.code === "MODEL_CREDENTIAL_REFUSED") parking.park(error.code);
    },
    dropped,
  };
}

/** An end that tells a gate nothing of limits. */
const aside = ({ provider, model }: Model): ModelError =>
  new ModelError("MODEL_FAILED", "ended without an answer", { provider, model });
