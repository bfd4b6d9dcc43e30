import { isDeepStrictEqual } from "node:util";
import { type Enqueued, type QueueUnavailableError, type Semel, SemelError } from "@semel/core";
import { exactly, type Figure, told } from "../figure.ts";
import { paidProcessor, steady } from "../paid-job.ts";
import { freshPlace, nameOf, type Place } from "../place.ts";
import { type Run, range, type Setting, sized } from "../run.ts";
import { freshLedger, stage } from "../stage.ts";

const copies = 10;

/** As a careful client does: what is unknown is sent again under its id. */
async function enqueued(semel: Semel, n: number, id?: string): Promise<Enqueued<typeof steady>> {
  try {
    return await semel.enqueue(steady, { n }, id === undefined ? {} : { id });
  } catch (error) {
    if (!SemelError.isInstance(error) || error.code !== "QUEUE_UNAVAILABLE") throw error;
    return enqueued(semel, n, (error as QueueUnavailableError).id);
  }
}

/** The same work from ten places at once, many times. */
async function duplicated(setting: Setting, on: Place["on"]): Promise<readonly Figure[]> {
  const keys = on === "redis" ? 1_000 : sized(setting, { short: 50, long: 1_000 });
  const place = await freshPlace(setting, on);
  const ledger = freshLedger(setting);
  const [app, other, server] = [stage(setting, place), stage(setting, place), stage(setting, place)];
  server.semel.worker({ processors: [paidProcessor(steady, { ledger: ledger.path, by: "worker" })], concurrency: 20 });
  const total = { created: 0, others: 0, differing: 0, answers: 0, ids: 0 };
  const name = nameOf[on];
  const atOnce = 100;
  for (let from = 0; from < keys; from += atOnce) {
    await Promise.all(
      range(Math.min(atOnce, keys - from)).map(async (offset) => {
        const handles = await Promise.all(
          range(copies).map((copy) => enqueued(copy % 2 === 0 ? app.semel : other.semel, from + offset)),
        );
        const results = await Promise.all(
          handles.map((handle) => (handle.outcome === "replayed" ? handle.value : handle.result({ timeout: "120s" }))),
        );
        total.created += handles.filter(({ outcome }) => outcome === "created").length;
        total.others += handles.filter(({ outcome }) => outcome !== "created").length;
        total.ids += new Set(handles.map(({ id }) => id)).size;
        total.answers += results.length;
        total.differing += results.filter((result) => !isDeepStrictEqual(result, results[0])).length;
      }),
    );
    setting.progress(`${name}: ${Math.min(from + atOnce, keys)} of ${keys} keys`);
  }
  const runs = [...ledger.counts("effect").values()].reduce((sum, count) => sum + count, 0);
  return [
    told(`${name}: enqueues`, `${keys * copies}: ${total.created} created, ${total.others} duplicates and replays`),
    exactly(`${name}: created`, keys, total.created),
    exactly(`${name}: runs`, keys, runs),
    exactly(`${name}: jobs they were told of`, keys, total.ids),
    exactly(`${name}: answers`, keys * copies, total.answers),
    exactly(`${name}: answers that differ from the first`, 0, total.differing),
  ];
}

export const duplicatesRun: Run = {
  name: "duplicates",
  about: "ten concurrent enqueues of the same work, for 1,000 keys",
  async run(setting) {
    const figures: Figure[] = [];
    // A thousand enqueues at once on embedded wait in line for longer than the short form may take.
    const places = sized(setting, { short: ["redis", "postgres"], long: ["redis", "postgres", "embedded"] } as const);
    for (const on of places) figures.push(...(await duplicated(setting, on)));
    return figures;
  },
};
