import type { Answer, Operation } from "@semel/core/adapter";

/** What somebody in the simulation does next. */
export type Wish =
  /** Asks the store. There may be no answer: the question was lost, or the answer was. */
  | { readonly do: "ask"; readonly operation: Operation }
  | { readonly do: "wait"; readonly ms: number }
  /** Its process is stopped, with everything in it, and goes on later as if nothing had been. */
  | { readonly do: "pause"; readonly ms: number }
  /** Its process is gone. */
  | { readonly do: "die" };

/** Somebody in the simulation, as a coroutine: wishes come out, answers go in; `undefined` where none came. */
export type Life<T = void> = Generator<Wish, T, Answer | undefined>;

/** @returns the answer to one question, if it comes. */
export function* ask(operation: Operation): Life<Answer | undefined> {
  return yield { do: "ask", operation };
}

export function* wait(ms: number): Life {
  yield { do: "wait", ms };
}

/** Asks until there is an answer, as long as it is worth it. Every question may be asked twice. */
export function* insist(operation: Operation, isWorthIt: () => boolean): Life<Answer | undefined> {
  for (;;) {
    const answer = yield* ask(operation);
    if (answer) return answer;
    if (!isWorthIt()) return undefined;
    yield* wait(500);
  }
}
