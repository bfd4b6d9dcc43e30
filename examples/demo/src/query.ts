import type { Arguments } from "./arguments.ts";
import { DemoError, exitCodes } from "./demo-error.ts";
import { embedderOf } from "./embedder.ts";
import { type Entry, IndexStore } from "./index-store.ts";
import { cosine, wordsOf } from "./lexical-embedding.ts";
import { placeOf } from "./state-folder.ts";
import { count, plural, printable, shortened, styled, type Terminal } from "./terminal.ts";

const shown = 5;
const excerptLength = 160;

/** `--query`: the nearest chunks of what was indexed. Reads the index alone, so it works beside a run; the question is embedded as the chunks were. */
export async function query(options: Arguments, terminal: Terminal): Promise<number> {
  await using embedder = await embedderOf(options);
  const place = placeOf(options, embedder.space);
  const entries = new IndexStore(place.state).entries();
  if (entries.length === 0)
    throw new DemoError("NOTHING_INDEXED", "nothing of this folder is indexed yet; run the demo without --query first");
  const asked = await embedder.embed(options.question, {});
  const nearest = entries
    .map((entry) => ({ entry, score: cosine(asked, entry.vector) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .slice(0, shown);

  terminal.line(`Of ${plural(entries.length, "chunk")}, nearest to "${printable(options.question)}":\n`);
  for (const { entry, score } of nearest) {
    terminal.line(`  ${score.toFixed(3)}  ${styled("bold", printable(entry.path))} #${count(entry.index + 1)}`);
    terminal.line(
      styled("dim", `         ${excerpt(entry, options.question, Math.min(excerptLength, terminal.columns - 10))}`),
    );
  }
  if (nearest.length === 0) terminal.line("  nothing: no chunk shares a word or a part of one with it");
  if (embedder.isFake)
    terminal.line(styled("dim", "\nThe embedding is lexical: it compares words and their parts, not meanings."));
  return exitCodes.holds;
}

/** One printable line around the first word that was asked for. */
function excerpt({ text }: Entry, question: string, length: number): string {
  const lower = text.toLowerCase();
  const places = wordsOf(question)
    .map((word) => lower.indexOf(word))
    .filter((at) => at >= 0);
  const start = Math.max(0, Math.min(...places, lower.length) - 40);
  const from = places.length === 0 ? 0 : start;
  const line = printable(
    text
      .slice(from)
      .replace(/^[\udc00-\udfff]/, "")
      .replace(/\s+/g, " ")
      .trim(),
  );
  return shortened(from > 0 ? `…${line}` : line, length);
}
