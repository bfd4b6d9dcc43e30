import { notOnce } from "@semel/repo-tools/ledger";
import { waitFor } from "@semel/testing";
import { balance, settledAccount } from "../account.ts";
import { exactly, none, told } from "../figure.ts";
import { brief, poisonous } from "../paid-job.ts";
import { freshPlace } from "../place.ts";
import { type Run, range } from "../run.ts";
import { freshLedger, stage, worker } from "../stage.ts";

const neighbours = 40;
/** What the job says of itself, and the death that makes it one too many. */
const deathsOfOneJob = 3;

/** A job that kills its worker, again and again, beside jobs that do not. */
export const poisonRun: Run = {
  name: "poison",
  about: "a job that kills every worker that runs it, among others",
  async run(setting) {
    const place = await freshPlace(setting, "redis");
    const ledger = freshLedger(setting);
    const { semel } = stage(setting, place);
    const { accepted } = await semel.enqueueMany(
      brief,
      range(neighbours).map((n) => ({ n })),
    );
    const { id: poison } = await semel.enqueue(poisonous, { n: 0 });
    const ids = [...accepted.map(({ id }) => id), poison];
    let deaths = 0;
    let isOver = false;
    // A supervisor: whoever dies is replaced.
    const supervised = async (): Promise<void> => {
      while (!isOver) {
        const one = worker(setting, { place, ledger: ledger.path, concurrency: 5, slowMs: 20 });
        await one.ended;
        if (!isOver) setting.progress(`${++deaths} workers died`);
      }
    };
    void supervised();
    const isSetAside = async (): Promise<boolean> => (await semel.status(poison))?.state === "dead";
    await waitFor(isSetAside, { what: "the job to be set aside", deadlineMs: 180_000 });
    const account = await settledAccount(semel, ids, 60_000);
    isOver = true;
    const letter = await semel.deadLetters.get(poison);
    return [
      ...balance(account),
      exactly("set aside as CRASH_LOOP", 1, letter?.reason === "CRASH_LOOP" ? 1 : 0),
      exactly("dead", 1, account.dead),
      exactly("workers it took along", deathsOfOneJob, deaths),
      none("neighbours that were not done once", notOnce(ledger, "second", range(neighbours))),
      told("crashes counted of neighbours in the same processes", account.crashes - deathsOfOneJob),
    ];
  },
};
