import { styleText } from "node:util";

/** Everything the demo prints goes through here, so that a line never tears the progress bar apart. */
export class Terminal {
  readonly #out: NodeJS.WriteStream;
  #bar = "";

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  get isTty(): boolean {
    return this.#out.isTTY === true;
  }

  /** Columns to fill; where nobody looks at columns, lines are as long as they are. */
  get columns(): number {
    return this.isTty ? Math.max(40, this.#out.columns || 80) : Number.POSITIVE_INFINITY;
  }

  line(text = ""): void {
    this.#out.write(this.#bar === "" ? `${text}\n` : `\r\x1b[K${text}\n${this.#bar}`);
  }

  /** What was claimed, and whether it is so. */
  claims(claims: readonly { readonly claim: string; readonly holds: boolean }[]): void {
    for (const { claim, holds } of claims)
      this.line(holds ? `  ${styled("green", "✓")} ${claim}` : `  ${styled(["red", "bold"], `✗ NOT SO: ${claim}`)}`);
  }

  /** Redraws the line at the bottom; an empty text takes it away. Only where `isTty`. */
  bar(text: string): void {
    if (text === this.#bar) return;
    this.#bar = text;
    this.#out.write(`\r\x1b[K${text}`);
  }
}

type Style = Parameters<typeof styleText>[0];

/** Coloured where standard output is a terminal that wants colours. */
export const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** Safe to print: file names and texts may hold line breaks, and escape sequences that would drive the terminal. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" ? "\\n" : character === "\u200d" ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );

/** On one line, at most `max` characters. */
export function shortened(text: string, max: number): string {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, Math.max(0, max - 1)).join("")}…`;
}

export const count = (number: number): string => number.toLocaleString("en-US");

export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
