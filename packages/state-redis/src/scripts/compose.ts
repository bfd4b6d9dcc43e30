import { type Script, script } from "@semel/redis-connection";
import { constants, format, requestLayout, type Verb, verbs } from "./layout.ts";

/**
 * Puts a script together. Names in capitals are replaced by what they stand for, and comments go: Lua makes every
 * function anew in every call of a script, and each constant that a function has to reach makes that slower.
 */
export function compose(...parts: readonly string[]): Script {
  const text = parts.join("\n").replaceAll(/--.*$/gm, "");
  return script(text.replaceAll(/'[^'\n]*'|\b[A-Z_][A-Z_]+\b/g, (word) => constants.get(word) ?? word));
}

/**
 * Calls, for each of KEYS, the function of the operation's verb. Only those of these verbs are there.
 * ARGV[1]: the operations, each with the number of its verb and its size in front, laid out as `requestLayout` says.
 */
export function dispatch(these: readonly Verb[]): string {
  const numbered = these.map((verb) => [verbs.indexOf(verb) + 1, verb] as const);
  return /* lua */ `
local functions = { ${numbered.map(([number, verb]) => `[${number}] = ${verb}`).join(", ")} }
local layouts = { ${numbered.map(([number, verb]) => `[${number}] = ${format(requestLayout[verb])}`).join(", ")} }
local answers, requests, at = { now }, ARGV[1], 1
for place, key in ipairs(KEYS) do
  local verb, size
  verb, size, at = struct.unpack('>BI4', requests, at)
  answers[place + 1] = functions[verb](key, struct.unpack(layouts[verb], requests, at))
  at = at + size
end
return answers
`;
}
