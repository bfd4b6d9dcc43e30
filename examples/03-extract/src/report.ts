import type { PlayedRequest } from "@semel/testing/scripted";
import type { Facts } from "./jobs.ts";
import { type Letter, markOf } from "./letters.ts";
import { firstLine } from "./provider.ts";

interface Ended {
  readonly state: string;
  readonly attempt: number;
  readonly error: { readonly code: string } | undefined;
}

/** A name on one line: it may hold line breaks, and sequences that would drive the terminal. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );

/** A letter in one line: what happened to it, how it ended, and what was found in it. */
export function line(name: string, what: string, ended: Ended | undefined, found: Facts | undefined): string {
  const { state = "gone", attempt = 0, error } = ended ?? {};
  const end = error ? `dead of ${error.code}` : `${state}, attempt ${attempt}`;
  const facts = found ? `: ${[...found.people, ...found.places, ...found.dates].join(", ")}` : "";
  return `${printable(name).padEnd(15)} ${what.padEnd(48)} ${end}${facts}`;
}

/** What the provider charges, by letter. */
export type Bill = ReadonlyMap<string, { readonly count: number; readonly tokens: number }>;

export function billOf(requests: readonly PlayedRequest[], letters: readonly Letter[]): Bill {
  const paid = Map.groupBy(
    requests.filter(({ isCharged }) => isCharged),
    ({ prompt }) => firstLine(prompt),
  );
  return new Map(
    letters.map(({ name }) => {
      const answers = paid.get(markOf(name)) ?? [];
      const tokens = answers.reduce(
        (sum, { usage }) => sum + (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0),
        0,
      );
      return [name, { count: answers.length, tokens }];
    }),
  );
}
