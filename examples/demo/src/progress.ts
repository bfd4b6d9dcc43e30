import type { SemelEvent } from "@semel/core";
import { count, printable, seconds, shortened, styled, type Terminal } from "./terminal.ts";

/** Of each kind of trouble, as many lines; the table has the sums. */
const shownOfAKind = 3;
const redrawEveryMs = 80;
const lineEveryMs = 5_000;

export interface Standing {
  readonly done: number;
  readonly total: number;
  /** Whether the folder is still being read, so that the total grows. */
  readonly isReading: boolean;
}

/** A bar on a terminal, a line every few seconds elsewhere; and the first troubles of each kind, in words. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #standing: () => Standing;
  readonly #startedAt = performance.now();
  readonly #shown = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(terminal: Terminal, standing: () => Standing) {
    this.#terminal = terminal;
    this.#standing = standing;
    const draw = () => (terminal.isTty ? terminal.bar(this.#bar()) : terminal.line(this.#line()));
    this.#timer = setInterval(draw, terminal.isTty ? redrawEveryMs : lineEveryMs);
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#terminal.isTty) this.#terminal.bar("");
  }

  tell(event: SemelEvent): void {
    const text = inWords(event);
    if (text === undefined) return;
    const shown = (this.#shown.get(event.name) ?? 0) + 1;
    this.#shown.set(event.name, shown);
    if (shown > shownOfAKind) return;
    const room = this.#terminal.columns - 4;
    this.#terminal.line(styled("dim", `  ${shortened(printable(text), room)}`));
    if (shown === shownOfAKind) this.#terminal.line(styled("dim", "  … more of these are counted below"));
  }

  #line(): string {
    const { done, total, isReading } = this.#standing();
    return `  ${count(done)} of ${count(total)}${isReading ? " so far" : ""}, ${seconds(performance.now() - this.#startedAt)}`;
  }

  #bar(): string {
    const { done, total } = this.#standing();
    const width = Math.max(10, Math.min(40, this.#terminal.columns - 34));
    const filled = total === 0 ? 0 : Math.round((done / total) * width);
    return `  ${styled("green", "█".repeat(filled))}${styled("dim", "░".repeat(width - filled))}${this.#line()}`;
  }
}

function inWords(event: SemelEvent): string | undefined {
  switch (event.name) {
    case "attempt.failed":
      return `retry in ${Math.round(event.nextInMs)} ms · ${event.error.message}`;
    case "attempt.dead":
      return `dead-lettered, ${event.reason} · ${event.error.message}`;
    case "attempt.started":
      return event.recovered ? "taken over from a worker that died" : undefined;
    case "job.refused":
      return `refused, ${event.code} · ${event.message}`;
    case "store.unavailable":
    case "queue.unavailable":
      return `${event.name} during ${event.during} · ${event.error.message}`;
    case "backend.warning":
      return event.text;
    default:
      return undefined;
  }
}

/** `binary 3, empty 2` */
export function tallied(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, number]) => `${word} ${count(number)}`).join(", ");
}
