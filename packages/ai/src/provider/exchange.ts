import { type ModelCall, ModelError, type Usage } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import { tellLimits, tellUsage } from "../listeners.ts";
import { nothingSpent } from "../usage-sum.ts";
import { checkedCall } from "./checked-call.ts";
import { type Call, classify, timedOut } from "./classify.ts";
import type { HeadersLike } from "./failure-facts.ts";
import { type ModelOptions, type Settings, settingsOf } from "./model-options.ts";
import { rateLimitsOf } from "./rate-limits.ts";

/** What an adapter gets for one exchange. */
export interface Exchange {
  /** Ends the exchange: the caller no longer wants it, or its time is over. */
  readonly signal: AbortSignal;
  readonly key: string | undefined;
  /** To be told the headers of an answer: what they say of rate limits is handed on. */
  readonly headers: (headers: HeadersLike | undefined) => void;
}

/**
 * Runs an exchange with a provider that is no call of a model: a list of models, a pull. Deadline, signal, what a failure means and
 * redaction are those of calls.
 */
export const exchanged = <T>(
  options: ModelOptions,
  call: ModelCall,
  work: (exchange: Exchange) => Promise<T>,
): Promise<T> => new OneCall(settingsOf(options), call).run(work);

/** One call, from its beginning to its end; it says once what it cost. */
export class OneCall {
  readonly #settings: Settings;
  readonly #call: ModelCall;
  readonly #over = new AbortController();
  readonly #timeoutMs: number;
  #late: ModelError | undefined;
  #isTold = false;
  /** What it would cost as far as is known now: nothing, until something is about to be sent. */
  estimate: Usage = nothingSpent;

  /** @throws `OPTION_INVALID` */
  constructor(settings: Settings, call: ModelCall) {
    this.#settings = settings;
    this.#call = checkedCall(call);
    this.#timeoutMs = call.timeout === undefined ? settings.timeoutMs : toMs(call.timeout, "timeout");
  }

  get about(): Call {
    const { provider, model, host, clock, secrets } = this.#settings;
    return { provider, model, host, now: clock.now(), usage: this.estimate, secrets };
  }

  /** Runs what is one exchange, or several in a row: the deadline is for all together. */
  async run<T>(work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const { signal } = this.#call;
    try {
      signal?.throwIfAborted();
      return await this.#within(work);
    } catch (error) {
      throw this.failure(error);
    }
  }

  #within<T>(work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const leave = this.begin();
    return new Promise<T>((resolve, reject) => {
      // A client that ignores its signal must not keep the caller.
      this.#over.signal.addEventListener("abort", () => reject(this.#over.signal.reason));
      work(this.exchange).then(resolve, reject);
    }).finally(leave);
  }

  get exchange(): Exchange {
    return { signal: this.#over.signal, key: this.#call.key, headers: (headers) => this.#limits(headers) };
  }

  #limits(headers: HeadersLike | undefined): void {
    const limits = rateLimitsOf(headers);
    if (limits) tellLimits(this.#call, limits);
  }

  /** Starts the deadline, and listens to the caller. @returns stops both. */
  begin(): () => void {
    const { clock } = this.#settings;
    const { signal } = this.#call;
    const onAbort = (): void => this.#over.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const timer = clock.timer(this.#timeoutMs, () => this.tooLate(`no whole answer within ${this.#timeoutMs} ms`));
    return () => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
    };
  }

  tooLate(what: string): void {
    this.#late ??= timedOut(this.about, what);
    this.#over.abort(this.#late);
  }

  end(): void {
    this.#over.abort(new Error("the exchange is over"));
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** What the caller is to be thrown; says what it cost. */
  failure(thrown: unknown): unknown {
    const { signal } = this.#call;
    if (signal?.aborted) {
      this.tell(this.about.usage);
      return signal.reason;
    }
    const error = this.#late ?? (ModelError.isInstance(thrown) ? thrown : this.#judged(thrown));
    this.tell(error.usage);
    return error;
  }

  #judged(thrown: unknown): ModelError {
    const facts = this.#settings.failure(thrown);
    this.#limits(facts.headers);
    return classify(facts, this.about);
  }

  tell(usage: Usage): void {
    if (this.#isTold) return;
    this.#isTold = true;
    tellUsage(this.#call, usage);
  }
}
