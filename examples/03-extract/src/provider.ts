import { type ScriptedProvider, type ScriptedStep, scripted } from "@semel/testing/scripted";
import type { Facts } from "./jobs.ts";
import type { Letter } from "./letters.ts";
import { mishapOf } from "./mishaps.ts";

/** Reads letters as a model would, only that it knows three patterns and nothing else. */
function read(text: string): Facts {
  const all = (pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found))];
  return {
    people: all(/\b((?:Dr|Mr|Mrs|Ms|Prof)\. \p{Lu}\p{L}+)/gu),
    places: all(/\b(?:in|at|from|to) (?!(?:Dr|Mr|Mrs|Ms|Prof)\b)(\p{Lu}\p{L}+)/gu),
    dates: all(/\b(\d{4}-\d{2}-\d{2})\b/g),
  };
}

/** A provider to which each letter happens as it should: its mishaps first, then a right answer, for which it charges. */
export function misbehaving(letters: readonly Letter[]): ScriptedProvider {
  const asked = new Map<string, number>();
  return scripted({
    latency: "5ms",
    script: ({ prompt }): ScriptedStep => {
      const index = letters.findIndex(({ text }) => prompt.includes(text.trim()));
      const { name = "", text = "" } = letters[index] ?? {};
      const times = asked.get(name) ?? 0;
      asked.set(name, times + 1);
      return mishapOf(index).steps[times] ?? { data: read(text) };
    },
  });
}
