/** Longer texts are rarely met twice, and would make the memory large. */
const longestText = 256;
const mostTexts = 1_000;

/** `compute`, which remembers its answers to short texts: at most {@link mostTexts} of them, then it begins anew. */
export function remembered(compute: (text: string) => string): (text: string) => string {
  const answers = new Map<string, string>();
  return (text) => {
    if (text.length > longestText) return compute(text);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = compute(text);
    if (answers.size === mostTexts) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}
