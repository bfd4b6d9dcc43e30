import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createSemel } from "@semel/core";
import { embedded } from "@semel/embedded";
import { RequestError } from "./arguments.ts";
import { type Facts, readLetter } from "./jobs.ts";
import { lettersOf } from "./letters.ts";
import { metered } from "./metered.ts";
import { mishapOf } from "./mishaps.ts";
import { misbehaving } from "./provider.ts";
import { ReadLetters } from "./read-letters.ts";
import { billOf, line, printable } from "./report.ts";

const ownLetters = fileURLToPath(new URL("../letters", import.meta.url));

/** Reads all letters of a folder, and asserts how each of them ends and what is paid. @throws {RequestError} where there are none. */
export async function readFolder(folder = ownLetters): Promise<void> {
  const { letters, leftOut } = lettersOf(folder);
  for (const { name, why } of leftOut) console.log(`left out: ${printable(name)} (${why})`);
  if (letters.length === 0)
    throw new RequestError(`${folder}: expected .txt or .md files with text in them, found none`);

  const provider = misbehaving(letters);
  const saved = new Map<string, Facts>();
  const unlucky = letters.filter(({ name }) => mishapOf(name).what.startsWith("the disk is full"));

  await using semel = createSemel({ ...embedded("./.semel"), logger: false });

  // Every letter twice, before anybody reads: the second is the same job.
  const first = await Promise.all(letters.map(({ name: id, text }) => semel.enqueue(readLetter, { id, text })));
  for (const { name: id, text } of letters)
    assert.notEqual((await semel.enqueue(readLetter, { id, text })).outcome, "created");

  const meter = metered(provider.text());
  const processor = new ReadLetters(
    meter.model,
    saved,
    unlucky.map(({ name }) => name),
  );
  semel.worker({ processors: [processor], concurrency: 8 });

  for (const [index, { id, outcome, result }] of first.entries()) {
    const { name = "" } = letters[index] ?? {};
    const { what, death: due } = mishapOf(name);
    // What was read by an earlier run is read, whatever would happen to it today.
    const death = outcome === "replayed" ? undefined : due;
    const answer = await result().catch(() => undefined);
    const status = await semel.status(id);
    const letter = await semel.deadLetters.get(id);
    // It ends as it should, and a dead one says of what it died.
    assert.equal(status?.state, death ? "dead" : "completed", name);
    assert.equal(letter?.reason, death?.reason, name);
    assert.equal(status?.error?.code, death?.code, name);
    if (outcome === "created") assert.deepEqual(saved.get(name), answer?.data, name);
    console.log(line(name, what, status, answer?.data));
  }

  // The provider keeps books, too. What was read before costs nothing; each answer is on the bill once; and what the calls said they
  // cost is what is charged.
  const bill = billOf(provider.requests, letters);
  let charged = 0;
  for (const [index, { outcome }] of first.entries()) {
    const { name = "" } = letters[index] ?? {};
    const { answers } = mishapOf(name);
    const { count, tokens } = bill.get(name) ?? { count: 0, tokens: 0 };
    charged += tokens;
    // A run that was ended had begun it, and may have paid for it.
    if (outcome === "duplicate") continue;
    assert.equal(count, outcome === "created" ? answers : 0, `${name}: answers on the bill`);
  }
  assert.equal(meter.tokens, charged);
  const news = first.filter(({ outcome }) => outcome === "created").length;
  const answers = [...bill.values()].reduce((sum, { count }) => sum + count, 0);
  console.log(
    `${letters.length} letters, ${news} of them to be read: ${provider.requests.length} requests, ${answers} answers, each on the bill once`,
  );
}
