import type { DeadLetter, JobStatus, Semel } from "@semel/core";
import { embedChunk } from "./embed-chunk.ts";
import type { Answer, Feed } from "./feed.ts";
import type { IndexStore } from "./index-store.ts";
import { chargesByChunk, type Ledger } from "./ledger.ts";
import type { Tally } from "./tally.ts";
import { count } from "./terminal.ts";

/** What there is to compare: Semel's word, and what was written down outside of it. */
export interface Evidence {
  readonly semel: Semel;
  readonly feed: Feed;
  readonly tally: Tally;
  /** Both as read back from their files. */
  readonly ledger: Ledger;
  readonly index: IndexStore;
  /** How many lines the ledger had before this run. */
  readonly linesBefore: number;
}

export interface Verdict {
  readonly completed: number;
  readonly dead: number;
  /** One of the dead ones' letters. */
  readonly letter: DeadLetter | undefined;
  /** Payments of this run. */
  readonly paid: number;
  /** Payments of all runs beyond the first for each chunk. */
  readonly repeated: number;
  readonly claims: readonly { readonly claim: string; readonly holds: boolean }[];
}

/** Asks the store for every job's state and holds it against the ledger and the index. */
export async function verify({ semel, feed, tally, ledger, linesBefore, index }: Evidence): Promise<Verdict> {
  const states = await statesOf(semel, feed.jobs);
  const named = (state: string) => [...states].filter(([, is]) => is === state).map(([chunk]) => chunk);
  const [completed, dead] = [named("completed"), named("dead")];
  const idOf = (chunk: string) => feed.jobs.get(chunk)?.id ?? "";
  const letters = await Promise.all(dead.map((chunk) => semel.deadLetters.get(idOf(chunk))));
  // Letters are kept for some weeks only: of those who died in an earlier run there may be none any more.
  const diedNow = letters.filter((_, place) => tally.ended.has(idOf(dead[place] ?? "")));

  const charges = chargesByChunk(ledger.lines);
  const repeated = [...charges.values()].reduce((sum, charged) => sum + charged - 1, 0);
  const own = ledger.lines.slice(linesBefore);
  const paid = own.filter(({ charged }) => charged).length;
  const { requests, created, duplicates, replayed, refused } = feed;
  const claims = [
    {
      claim: `every request has an answer: ${count(created)} + ${count(duplicates + replayed)} = ${count(requests)}`,
      holds: refused === 0 && created + duplicates + replayed === requests,
    },
    {
      claim: `every job has ended: ${count(completed.length)} completed + ${count(dead.length)} dead = ${count(states.size)}`,
      holds: completed.length + dead.length === states.size,
    },
    {
      claim: "every completed job was paid for exactly once, by the ledger",
      holds: repeated === 0 && completed.every((chunk) => charges.get(chunk) === 1),
    },
    {
      claim: "no dead job was paid for, and each has a dead letter",
      holds: dead.every((chunk) => !charges.has(chunk)) && !diedNow.includes(undefined),
    },
    {
      claim: "the provider got no call twice in this run, and as many as Semel says",
      holds: new Set(own.map(({ key }) => key)).size === own.length && own.length === tally.stepsDone,
    },
    {
      claim: "every completed job's vector is in the index",
      holds: completed.every((chunk) => index.has(chunk)),
    },
  ];
  const letter = letters.find((found) => found !== undefined);
  return { completed: completed.length, dead: dead.length, letter, paid, repeated, claims };
}

/** A replay is the store's own word that the job has completed; all others are asked for, some at a time. */
async function statesOf(semel: Semel, jobs: ReadonlyMap<string, Answer>): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  const open: [string, string][] = [];
  for (const [chunk, answer] of jobs) {
    if (answer.outcome === "replayed") states.set(chunk, "completed");
    else open.push([chunk, answer.id]);
  }
  const ask = async ([chunk, id]: [string, string]) => {
    const status: JobStatus | undefined = await semel.status(embedChunk, id);
    states.set(chunk, status?.state ?? "unknown");
  };
  for (let start = 0; start < open.length; start += 50) await Promise.all(open.slice(start, start + 50).map(ask));
  return states;
}
