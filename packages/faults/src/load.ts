import { type QueueUnavailableError, type Semel, SemelError } from "@semel/core";
import type { Ledger } from "@semel/repo-tools/ledger";
import { notOnce } from "@semel/repo-tools/ledger";
import { waitFor } from "@semel/testing";
import { balance, settledAccount } from "./account.ts";
import { exactly, type Figure, none, told } from "./figure.ts";
import { type PaidJob, paidProcessor } from "./paid-job.ts";
import type { Place } from "./place.ts";
import type { Setting } from "./run.ts";
import { freshLedger, type Stage, stage } from "./stage.ts";

/** How often each producer enqueues, at most. Milliseconds. */
const paceMs = 10;

const pace = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, paceMs));

export interface LoadOptions {
  /** Enqueue at the same time. Default: 4. */
  readonly producers?: number | undefined;
  readonly concurrency?: number | undefined;
  /** Where its worker gets its deliveries; default: where everything else is. */
  readonly workAt?: Place | undefined;
}

/** What is enqueued and worked on without a pause while something happens to the server. */
export interface Load {
  readonly ledger: Ledger;
  /** The application, and the worker's process as far as the server can tell. */
  readonly app: Stage;
  readonly server: Stage;
  /** How many were confirmed so far. */
  readonly confirmed: () => number;
  /** How many calls of `enqueue` have failed so far. */
  readonly failures: () => number;
  readonly completed: () => number;
  /** Resolves with the time it took, in milliseconds, until so many more have been completed than now. */
  progress(more: number, deadlineMs?: number): Promise<number>;
  /** Ends the load, waits until all that was confirmed has ended, and says what came of it. */
  figures(where?: string): Promise<readonly Figure[]>;
}

export function load(setting: Setting, place: Place, job: PaidJob, options: LoadOptions = {}): Load {
  const { producers = 4, concurrency = 10, workAt = place } = options;
  const ledger = freshLedger(setting);
  const app = stage(setting, place);
  const server = stage(setting, workAt);
  const confirmed = new Map<number, string>();
  const refused = new Set<number>();
  const others: string[] = [];
  const total = { next: 0, resent: 0, failures: 0, isOver: false };
  server.semel.worker({ processors: [paidProcessor(job, { ledger: ledger.path, by: "worker" })], concurrency });

  /** As an application is told to: whose outcome is unknown is sent again under the same id. */
  const enqueue = async (semel: Semel, n: number): Promise<void> => {
    let id: string | undefined;
    for (;;) {
      try {
        confirmed.set(n, (await semel.enqueue(job, { n }, { id })).id);
        return;
      } catch (error) {
        total.failures += 1;
        if (!isUnavailable(error)) return void others.push(String(error));
        if (error.outcome === "refused" && id === undefined) return void refused.add(n);
        total.resent += id === undefined ? 1 : 0;
        ({ id } = error);
        await pace();
      }
    }
  };
  const produce = async (): Promise<void> => {
    while (!total.isOver) {
      await enqueue(app.semel, total.next++);
      await pace();
    }
  };
  const producing = Promise.all(Array.from({ length: producers }, produce));
  setting.resources.defer(() => {
    total.isOver = true;
  });
  const completed = (): number => server.named("attempt.completed").length;
  return {
    ledger,
    app,
    server,
    confirmed: () => confirmed.size,
    failures: () => total.failures,
    completed,
    async progress(more, deadlineMs = 60_000) {
      const enough = completed() + more;
      const since = performance.now();
      await waitFor(() => completed() >= enough, { what: `${more} more jobs to be completed`, deadlineMs });
      return performance.now() - since;
    },
    async figures(where = "") {
      total.isOver = true;
      await producing;
      const account = await settledAccount(app.semel, [...confirmed.values()], 90_000);
      const effects = ledger.counts("effect");
      const strangers = [...effects.keys()].filter((n) => !confirmed.has(n)).map((n) => `job ${n}`);
      return [
        told(
          `${where}enqueues`,
          `${confirmed.size} confirmed, ${total.resent} of them sent again; ${refused.size} refused`,
        ),
        ...balance(account, where),
        exactly(`${where}confirmed, not completed`, 0, account.enqueued - account.completed),
        exactly(`${where}attempts burned`, 0, account.burnt),
        none(`${where}effects not had exactly once`, [
          ...notOnce(ledger, "effect", confirmed.keys()),
          ...notOnce(ledger, "second", confirmed.keys()),
        ]),
        none(`${where}ran without a confirmed enqueue`, strangers),
        none(`${where}errors other than QUEUE_UNAVAILABLE`, others),
      ];
    },
  };
}

function isUnavailable(error: unknown): error is QueueUnavailableError {
  return SemelError.isInstance(error) && error.code === "QUEUE_UNAVAILABLE";
}
