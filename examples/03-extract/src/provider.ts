import { type ScriptedProvider, type ScriptedStep, scripted } from "@semel/testing/scripted";
import { type Facts, facts } from "./jobs.ts";
import { type Letter, markOf } from "./letters.ts";
import { mishapOf } from "./mishaps.ts";

/** Reads letters as a model would, only that it knows three patterns and nothing else. */
function read(text: string): Facts {
  const all = (pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found))];
  return {
    people: all(/\b((?:Dr|Mr|Mrs|Ms|Prof)\. \p{Lu}\p{L}+)/gu),
    places: all(/\b(?:in|at|from|to) (?!(?:Dr|Mr|Mrs|Ms|Prof)\b)(\p{Lu}\p{L}+)/gu),
    // There is no 30th of February, and a date of that shape may be an account's number.
    dates: all(/\b(\d{4}-\d{2}-\d{2})\b/g).filter((date) => facts.shape.dates.element.safeParse(date).success),
  };
}

/** A provider to which each letter happens as it should: its mishaps first, then a right answer, for which it charges. */
export function misbehaving(letters: readonly Letter[]): ScriptedProvider {
  const byMark = new Map(letters.map((letter) => [markOf(letter.name), letter]));
  const asked = new Map<string, number>();
  return scripted({
    latency: "5ms",
    script: ({ prompt }): ScriptedStep => {
      const { name = "", text = "" } = byMark.get(firstLine(prompt)) ?? {};
      const times = asked.get(name) ?? 0;
      asked.set(name, times + 1);
      return mishapOf(name).steps[times] ?? { data: read(text) };
    },
  });
}

/** Where {@link ReadLetters} puts the letter's mark. */
export const firstLine = (prompt: string): string => prompt.split("\n", 1)[0] ?? "";
