import pg from "pg";
import { balance, settledAccount } from "../account.ts";
import { booked, bookedProcessor, rowsTable } from "../booked-job.ts";
import { drawDeaths, enqueued, jobsPerDeath, kill } from "../deaths.ts";
import { exactly, none, told } from "../figure.ts";
import { freshPlace, type Place } from "../place.ts";
import { type Run, range, type Setting, sized } from "../run.ts";
import { emptied, freshLedger, stage } from "../stage.ts";

const points = [
  "claim:after",
  "transaction:before-settle",
  "transaction:before-commit",
  "transaction:after-commit",
  "ack:before",
] as const;

/** The effect that has no window: rows and completion are one commit. */
export const transactionsRun: Run = {
  name: "transactions",
  about: "kill -9 of workers that complete their jobs in one commit with a row of their own, on PostgreSQL",
  async run(setting) {
    const place = await freshPlace(setting, "postgres");
    const rows = await rowsAt(setting, place);
    const ledger = freshLedger(setting);
    const count = sized(setting, { short: 10, long: 100 });
    const jobs = count * jobsPerDeath;
    const ids = await enqueued(setting, place, booked, jobs);

    await kill(setting, { place, ledger: ledger.path }, drawDeaths(setting, count, points), 2);

    setting.progress("the survivors finish");
    const { semel } = stage(setting, place);
    semel.worker({ processors: [bookedProcessor({ by: "survivor" })], concurrency: 4 });
    const account = await settledAccount(semel, ids, 120_000);
    await emptied(semel, 60_000);
    const written = await rows();
    const killed = ledger.entries().filter(([what]) => what === "SIGKILL");
    const beforeCommit = killed.filter(([, , point]) => point?.startsWith("transaction:before")).length;
    const results = await Promise.all(ids.map((id) => semel.status(booked, id)));
    return [
      told(
        "workers killed",
        `${count}: ${killed.length} at failpoints, ${beforeCommit} of them with a row written and not committed`,
      ),
      ...balance(account),
      exactly("not completed", 0, account.enqueued - account.completed),
      told("rows, counted in the table", [...written.values()].flat().length),
      none(
        "jobs without their row, or with two",
        range(jobs).flatMap((n) => {
          const by = written.get(n) ?? [];
          return by.length === 1 ? [] : [`job ${n}: ${by.length} rows`];
        }),
      ),
      none(
        "results that are not those of the row",
        results.flatMap((status) => {
          const result = status?.state === "completed" ? status.result : undefined;
          return result && written.get(result.n)?.[0] === result.by ? [] : [`job ${status?.id}`];
        }),
      ),
      told("crashes counted", account.crashes),
      exactly("attempts burned", 0, account.burnt),
    ];
  },
};

/** Makes the table. @returns who wrote the rows of each job. */
async function rowsAt({ resources }: Setting, place: Place): Promise<() => Promise<ReadonlyMap<number, string[]>>> {
  if (place.on !== "postgres") throw new Error("rows are written on PostgreSQL");
  const client = new pg.Client({ connectionString: place.url });
  await client.connect();
  resources.defer(() => client.end());
  await client.query(rowsTable);
  return async () => {
    const { rows } = await client.query<{ n: number; by: string }>("SELECT n, by FROM public.booked");
    const written = new Map<number, string[]>();
    for (const { n, by } of rows) written.set(n, [...(written.get(n) ?? []), by]);
    return written;
  };
}
