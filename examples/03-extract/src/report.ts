import type { PlayedRequest } from "@semel/testing/scripted";
import type { Facts } from "./jobs.ts";
import type { Letter } from "./letters.ts";

interface Ended {
  readonly state: string;
  readonly attempt: number;
  readonly error: { readonly code: string } | undefined;
}

/** A letter in one line: what happened to it, how it ended, and what was found in it. */
export function line(name: string, what: string, ended: Ended | undefined, found: Facts | undefined): string {
  const { state = "gone", attempt = 0, error } = ended ?? {};
  const end = error ? `dead of ${error.code}` : `${state}, attempt ${attempt}`;
  const facts = found ? `: ${[...found.people, ...found.places, ...found.dates].join(", ")}` : "";
  return `${name.padEnd(15)} ${what.padEnd(48)} ${end}${facts}`;
}

/** What the provider charges, by letter. */
export type Bill = ReadonlyMap<string, { readonly count: number; readonly tokens: number }>;

export function billOf(requests: readonly PlayedRequest[], letters: readonly Letter[]): Bill {
  return new Map(
    letters.map(({ name, text }) => {
      const paid = requests.filter(({ isAnswered, prompt }) => isAnswered && prompt.includes(text.trim()));
      const tokens = paid.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), 0);
      return [name, { count: paid.length, tokens }];
    }),
  );
}
