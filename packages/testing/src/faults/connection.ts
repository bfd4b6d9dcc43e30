import type { InjectedFault } from "./options.ts";

/** What stands between a port and its server: it can fall silent, and everything on its way can be cut off. */
export class Connection {
  /** How each call under way is told that its connection is gone. */
  readonly #underWay = new Set<(error: InjectedFault) => void>();
  /** Settles when what hangs may go on, or has been cut off. */
  #silence: PromiseWithResolvers<void> | undefined;
  #isSilent = false;
  #cuts = 0;

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** How often it was cut: what was begun at another count has lost its connection. */
  get cuts(): number {
    return this.#cuts;
  }

  silence(): void {
    this.#isSilent = true;
  }

  /** What hangs goes on, late. */
  resume(): void {
    this.#isSilent = false;
    this.#silence?.resolve();
    this.#silence = undefined;
  }

  /** Everything on its way fails, and what has not reached the other side yet never will. */
  cut(error: InjectedFault): void {
    this.#cuts++;
    this.#isSilent = false;
    this.#silence?.reject(error);
    this.#silence = undefined;
    for (const fail of [...this.#underWay]) fail(error);
  }

  /** Resolves at {@link resume}; rejects when the connection is cut before. */
  hang(): Promise<void> {
    this.#silence ??= Promise.withResolvers<void>();
    return this.#silence.promise;
  }

  /** As the call settles; or rejects as soon as the connection is cut. */
  carry<T>(call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#underWay.add(reject);
      const over = (): void => void this.#underWay.delete(reject);
      call().then(resolve, reject).then(over, over);
    });
  }
}
