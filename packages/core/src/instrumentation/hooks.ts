import { describeFailure } from "../errors/failure.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventName, Events, SemelEvent } from "./events.ts";

/**
 * Is told what happens; cannot change it. Called synchronously and never awaited: whatever a hook throws, or a promise
 * it returns rejects with, is reported as `hook.failed` and changes nothing.
 */
export interface Hook {
  onEvent(event: SemelEvent): void | Promise<void>;
}

/** Tells the hooks. */
export class Emitter {
  readonly #clock: Clock;
  readonly #hooks: readonly Hook[];

  constructor(clock: Clock, hooks: readonly Hook[]) {
    this.#clock = clock;
    this.#hooks = hooks;
  }

  emit<N extends EventName>(name: N, fields: Events[N]): void {
    if (this.#hooks.length === 0) return;
    const event = { name, at: this.#clock.now(), ...fields } as unknown as SemelEvent;
    for (const hook of this.#hooks) this.#tell(hook, event);
  }

  #tell(hook: Hook, event: SemelEvent): void {
    try {
      const told: unknown = hook.onEvent(event);
      if (told instanceof Promise) told.catch((error: unknown) => this.#failed(hook, event, error));
    } catch (error) {
      this.#failed(hook, event, error);
    }
  }

  /** The others are told; telling the one that failed would go round in circles. */
  #failed(failed: Hook, during: SemelEvent, thrown: unknown): void {
    if (during.name === "hook.failed") return;
    const event: SemelEvent = {
      name: "hook.failed",
      at: this.#clock.now(),
      during: during.name,
      error: describeFailure(thrown),
    };
    for (const hook of this.#hooks) if (hook !== failed) this.#tell(hook, event);
  }
}
