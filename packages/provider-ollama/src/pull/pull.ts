import { exchanged } from "@semel/ai/provider";
import { ModelError } from "@semel/core";
import type { Asker } from "./asker.ts";
import { Layers } from "./layers.ts";
import { tooLarge } from "./pull-errors.ts";
import type { OllamaPullProgress } from "./pull-options.ts";

/** One pull, from its beginning to its end. Nobody who waits for it can end it; it ends when it is done, or by its own limits. */
export class Pull {
  readonly layers: Layers = new Layers();
  /** Why it failed; `undefined`: the model is there. Never rejects. */
  readonly end: Promise<ModelError | undefined>;
  readonly #asker: Asker;
  readonly #owners = new Set<object>();
  readonly #listeners = new Set<(progress: OllamaPullProgress) => void>();
  readonly #over = new AbortController();

  constructor(asker: Asker) {
    this.#asker = asker;
    this.join(asker);
    this.end = this.#run();
  }

  /** Somebody else wants the same. */
  join({ owner, settings: { onProgress } }: Asker): void {
    this.#owners.add(owner);
    if (onProgress) this.#listeners.add(onProgress);
  }

  /** Somebody wants it no more; where nobody does, it is given up. */
  leave(owner: object): void {
    if (this.#owners.delete(owner) && this.#owners.size === 0)
      this.#over.abort(this.#failed("MODEL_FAILED", "nobody wants it any more"));
  }

  async #run(): Promise<ModelError | undefined> {
    const { options, settings, clock } = this.#asker;
    let idle = this.#patience();
    try {
      await exchanged(options, { signal: this.#over.signal, timeout: settings.timeout }, async (exchange) => {
        for await (const line of await this.#asker.lines(exchange)) {
          if (!this.layers.read(line, clock.monotonic())) continue;
          idle.cancel();
          idle = this.#patience();
          this.#tell();
          const { totalBytes } = this.layers;
          if (totalBytes > settings.maxBytes) this.#over.abort(tooLarge(this.#asker, totalBytes));
        }
      });
      return undefined;
    } catch (error) {
      return ModelError.isInstance(error) ? error : this.#failed("MODEL_FAILED", "the pull failed");
    } finally {
      idle.cancel();
    }
  }

  /** Until something moves. The request keeps the process alive, not the timer. */
  #patience() {
    const { clock, settings } = this.#asker;
    const silent = () => this.#failed("MODEL_TIMEOUT", `the pull has made no progress for ${settings.idleMs} ms`);
    return clock.timer(settings.idleMs, () => this.#over.abort(silent()), "background");
  }

  #failed(code: "MODEL_FAILED" | "MODEL_TIMEOUT", what: string): ModelError {
    const { model } = this.#asker;
    return new ModelError(code, `ollama ${model}: ${what}`, { provider: "ollama", model, isRetryable: true });
  }

  #tell(): void {
    const { model, host } = this.#asker;
    const { status, completedBytes, totalBytes } = this.layers;
    for (const listener of this.#listeners) {
      try {
        listener({ model, host, status, completedBytes, totalBytes });
      } catch {
        // Whoever listens changes nothing.
      }
    }
  }
}
