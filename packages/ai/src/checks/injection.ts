import { allowed, type Check, type Verdict } from "./check.ts";

/** Of the rules below; raised with every change of what is found. */
export const injectionVersion = 1;

/** Looked at from the beginning; what comes after it is not. */
const longest = 64_000;

/**
 * Turns of phrase by which texts speak to a model rather than to a reader. On text in small letters, without accents, marks
 * between letters, and with one blank between words. No quantifier within another: each is linear.
 */
const phrases: readonly (readonly [rule: string, pattern: RegExp])[] = [
  [
    "override",
    /\b(?:ignore|disregard|forget|override) (?:the |your |my |of |these |those |everything ){0,4}(?:all|any|previous|prior|above|earlier|preceding|your) (?:of |the |your |these |those |previous |prior |above |earlier |preceding ){0,5}(?:instructions?|prompts?|rules|directions|guidelines)\b/,
  ],
  [
    "override",
    /\b(?:ignorez?|oubliez?) (?:toutes? |les |tes |vos |ces |instructions? ){1,5}(?:precedentes?|anterieures?|ci-dessus)\b/,
  ],
  [
    "override",
    /\b(?:ignoriere?|vergiss|missachte) (?:alle |die |deine |ihre |bisherigen |vorherigen |obigen ){1,5}(?:anweisungen|instruktionen|regeln|vorgaben)\b/,
  ],
  ["override", /\b(?:ignora|olvida) (?:todas |las |tus |sus |estas ){1,4}instrucciones\b/],
  ["override", /(?:忽略|无视)(?:之前|以上|所有|先前)[^。\n]{0,12}(?:指令|指示|提示)/],
  ["new-role", /\byou are now (?:an? |called |no longer bound)\w*/],
  [
    "new-role",
    /\b(?:act|behave|respond) as (?:if you (?:were|are) )?(?:an? )?(?:unrestricted|uncensored|jailbroken|evil|dan\b|developer mode)/,
  ],
  [
    "reveal",
    /\b(?:reveal|print|repeat|output|show|tell me|leak|disclose) (?:me |us |back |out |verbatim |the |your |all |full |entire |whole |exact |hidden |secret |initial |original ){1,6}(?:system prompt|system message|instructions|prompt|configuration)\b/,
  ],
  ["conceal", /\b(?:do not|don't|never) (?:tell|inform|mention (?:this|it) to) (?:the )?(?:user|human|operator)s?\b/],
  [
    "new-instructions",
    /\b(?:new|updated|real|actual) (?:system )?instructions?(?: for (?:the )?(?:ai|assistant|model))? ?:/,
  ],
  [
    "addresses-model",
    /\b(?:attention|note|message|instructions?) (?:to|for) (?:the |any |all )?(?:ai|llm|language model|assistant|chatbot|gpt)s?\b/,
  ],
  [
    "role-marker",
    /<\|[^|<>\n]{0,40}\|>|\[\/?inst\]|<<\/?sys>>|(?:\n|###) ?(?:### ?)?(?:system|assistant)(?: \w+){0,3} ?: /,
  ],
  [
    "exfiltrate",
    /\b(?:send|post|forward|append|add|embed|include) [^.\n]{0,80}\b(?:to|in|at|as) (?:the )?(?:url|image url|query string|https?:)/,
  ],
];

/** Each once more for texts without blanks. */
const rules = phrases.map(([rule, pattern]) => ({
  rule,
  pattern,
  unspaced: new RegExp(pattern.source.replaceAll(" ", "").replaceAll("\\b", "")),
}));

/** Letters of other alphabets that look like Latin ones. */
const lookalikes: Readonly<Record<string, string>> = Object.fromEntries(
  [..."аеорсухіјѕԁһոɡιοαρυνκτ"].map((letter, index) => [letter, "aeopcyxijsdhngioapuvkt"[index] ?? letter]),
);
const encodedRun = /[A-Za-z0-9+/]{24,4000}={0,2}/g;
const mostRuns = 20;

/**
 * Flags texts that speak to the model. It is a sieve for reports, not a defence: whoever knows it writes around it, and texts about
 * such attacks are flagged as well. So it never blocks. What holds is that models may do little: frames, output checks, few rights
 * (docs/guides/prompts.md has the rates measured on the corpus in this package's tests).
 */
export const injectionCheck: Check = {
  name: `injection/${injectionVersion}`,
  look: ({ text, role }): Verdict => {
    // Instructions are the application's own.
    if (role === "system") return allowed;
    const rules = injectionRules(text);
    return rules.length > 0 ? { is: "flag", rules } : allowed;
  },
};

/** The rules a text meets, each once. */
export function injectionRules(text: string): readonly string[] {
  const head = text.slice(0, longest);
  const found = new Set<string>();
  for (const form of [plainForm(head), ...decoded(head).map(plainForm)]) {
    const spelled = spelledOut(form);
    for (const { rule, pattern, unspaced } of rules)
      if (pattern.test(form) || spelled.some((run) => unspaced.test(run))) found.add(`injection/${rule}`);
  }
  return [...found];
}

/** As a reader would read it aloud. */
function plainForm(text: string): string {
  const letters = text
    .normalize("NFKD")
    .replace(/[\p{Mn}\p{Cf}]+/gu, "")
    .toLowerCase();
  const latin = letters.replace(/[^\p{ASCII}]/gu, (letter) => lookalikes[letter] ?? letter);
  return latin.replace(/[^\S\n]+/g, " ").replace(/\n{2,}/g, "\n");
}

/** Where it is s p e l l e d out, the letters without what parts them. Where words begin is not to be told then. */
const spelledOut = (text: string): readonly string[] =>
  [...text.matchAll(/(?:\w[ .\-_*]){5,400}\w/g)].map(([run]) => run.replace(/[ .\-_*]/g, ""));

/** What looks like base64 of a text, as that text. */
function decoded(text: string): readonly string[] {
  const runs = [...text.matchAll(encodedRun)].slice(0, mostRuns);
  return runs.flatMap(([run]) => {
    const plain = Buffer.from(run, "base64").toString("utf8");
    return /^[\p{L}\p{N}\p{P}\p{S}\s]{12,}$/u.test(plain) ? [plain] : [];
  });
}
