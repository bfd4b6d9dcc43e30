import { SemelError } from "../errors/semel-error.ts";
import type { StepKeeper } from "../idempotency/step-keeper.ts";
import type { JobId } from "../job/identity.ts";
import type { StoredValue } from "../job/value.ts";
import type { EpochMs } from "../runtime/clock.ts";
import { pageBytes } from "./bounds.ts";
import type { End } from "./end.ts";

/** What one write adds to a log. */
interface Page {
  readonly ends: readonly End[];
  /** All children that had not ended were enqueued under ids of this job, the parent. */
  readonly by?: JobId | undefined;
  /** When that was, by the store's clock. */
  readonly at?: EpochMs | undefined;
  /** The parent goes on: what is not in the log by now will never be. */
  readonly isClosed?: true | undefined;
}

export type Marks = Omit<Page, "ends">;

/**
 * What a group of children has come to, as far as it is certain: an append-only log in the parent's own steps, a page a step.
 * So it has the life of steps: kept over retries, crashes and a redrive that keeps them, gone with a run from scratch.
 *
 * While the parent waits only completions are written: they are facts, and their results are worth keeping. How others failed
 * is written when the parent goes on. Until then it may still change: a dead child can be redriven.
 */
export class GroupLog {
  readonly #steps: StepKeeper;
  readonly #name: string;
  /** By work. */
  readonly ends: Map<number, End> = new Map();
  /** Bytes of results in steps of their own. */
  keptBytes = 0;
  isClosed = false;
  #by: JobId | undefined;
  #at: EpochMs | undefined;
  #pages = 0;
  /** The next page is begun: it can be written. */
  #isBegun = false;

  private constructor(steps: StepKeeper, name: string) {
    this.#steps = steps;
    this.#name = name;
  }

  /**
   * Reads what is there.
   * @param family tells the list of children from another one.
   * @throws `STEP_CONFLICT` where the log was begun with another list.
   */
  static async open(steps: StepKeeper, name: string, family: string): Promise<GroupLog> {
    const log = new GroupLog(steps, name);
    while (!log.isClosed) {
      const begun = await steps.begin(log.#step(), log.#pages === 0 ? family : undefined);
      if (begun.is === "input-differs")
        throw new SemelError(
          "STEP_CONFLICT",
          `children("${name}") was begun before with other children; compute the list in a step of its own, or give the changed group a new name`,
          { details: { step: name } },
        );
      if (begun.is !== "memo") {
        log.#isBegun = true;
        break;
      }
      const page = JSON.parse(begun.value) as Page;
      for (const { result } of page.ends) if (result?.in === "step") log.keptBytes += result.bytes;
      log.#take(page);
    }
    return log;
  }

  /** When the children were enqueued under ids of this job; `undefined` if they were not. */
  enqueuedAt(by: JobId): EpochMs | undefined {
    return this.#by === by ? this.#at : undefined;
  }

  /** In as many pages as it takes; the marks stand on the last, so they say that all of it is there. */
  async append(ends: readonly End[], marks: Marks): Promise<void> {
    const pages = split(ends);
    if (pages.length === 0 && (marks.by !== undefined || marks.isClosed)) pages.push([]);
    for (const [index, some] of pages.entries()) {
      const page: Page = index === pages.length - 1 ? { ends: some, ...marks } : { ends: some };
      if (!this.#isBegun) await this.#steps.begin(this.#step(), undefined);
      await this.#steps.record(this.#step(), JSON.stringify(page));
      this.#isBegun = false;
      this.#take(page);
    }
  }

  /** A result too large for a page. Written before the page that says so. */
  async keep(id: JobId, value: StoredValue): Promise<void> {
    const step = this.#resultStep(id);
    const begun = await this.#steps.begin(step, undefined);
    // A worker that died between this and its page wrote it already.
    if (begun.is !== "memo") await this.#steps.record(step, value);
  }

  async kept(id: JobId): Promise<StoredValue | undefined> {
    const begun = await this.#steps.begin(this.#resultStep(id), undefined);
    return begun.is === "memo" ? begun.value : undefined;
  }

  #take(page: Page): void {
    this.#pages++;
    for (const end of page.ends) this.ends.set(end.work, end);
    if (page.by !== undefined) [this.#by, this.#at] = [page.by, page.at];
    this.isClosed ||= page.isClosed === true;
  }

  // Three entries: a step of the processor's own with a key has two, so they cannot meet.
  readonly #step = (): string => JSON.stringify(["children", this.#name, this.#pages]);
  readonly #resultStep = (id: JobId): string => JSON.stringify(["children", this.#name, id]);
}

function split(ends: readonly End[]): End[][] {
  const pages: End[][] = [];
  let room = 0;
  for (const end of ends) {
    const bytes = Buffer.byteLength(JSON.stringify(end)) + 1;
    if (bytes > room || pages.length === 0) {
      pages.push([]);
      room = pageBytes;
    }
    room -= bytes;
    pages.at(-1)?.push(end);
  }
  return pages;
}
