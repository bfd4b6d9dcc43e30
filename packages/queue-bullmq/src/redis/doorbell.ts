import type { RedisClient } from "@semel/redis-connection";
import type { Report } from "../broker.ts";
import { isReply } from "./refusal.ts";

/** Asked for so long, a server answers in time, or the connection is deaf. In milliseconds. */
const graceMs = 1_000;

/** What came while this process was busy is read before this is over. */
const turnMs = 50;

/** In seconds. Servers before 7.0.8 round less than that down to 0, which is for ever. */
const shortestWait = 0.002;

/** How long to wait after a failure, so that whoever waits here does not ask as fast as it is refused. */
const failedMs = 500;

/** What BullMQ keeps under `marker`: when there is something to fetch, in milliseconds, or 0 for now. */
export interface Ring {
  readonly member: string;
  readonly score: number;
}

/** A command under way, and when it is deaf. By the monotonic clock. */
interface Listening {
  readonly reply: Promise<unknown>;
  readonly deafAt: number;
}

/**
 * Waits for a job to become available, on a connection of its own: what waits blocks it. The connection is given up
 * rather than mended. A command that is sent again after a break takes a ring that nobody is waiting for any more.
 */
export class Doorbell {
  readonly #connect: () => RedisClient;
  readonly #report: Report;
  #client: RedisClient | undefined;
  #listening: Listening | undefined;
  #interrupt: (() => void) | undefined;
  #isFailing = false;

  /** @param connect makes a connection, which is closed here */
  constructor(connect: () => RedisClient, report: Report) {
    this.#connect = connect;
    this.#report = report;
  }

  /**
   * Answers nothing when `seconds` are over, when it is hung up, or after a failure: whoever asked looks for himself then.
   * One call at a time.
   *
   * A server ends the wait up to a tenth of a second late, and so would every delay. So it ends here; and a ring that
   * comes after that is the next caller's.
   */
  async wait(key: string, seconds: number): Promise<Ring | undefined> {
    const until = performance.now() + 1_000 * seconds;
    try {
      for (let left = seconds; left > 0; left = (until - performance.now()) / 1_000) {
        this.#listening ??= this.#listen(key, Math.max(left, shortestWait));
        const { reply, deafAt } = this.#listening;
        let heard = await this.#first(reply, Math.max(0, Math.min(until, deafAt) - performance.now()));
        // A process that was busy for long hears that it is late before it hears the answer that is there.
        if (heard === late && performance.now() >= deafAt) heard = await this.#first(reply, turnMs);
        if (heard === late && performance.now() >= deafAt) return this.#giveUp();
        if (heard === late || heard === hungUp) return undefined;
        this.#listening = undefined;
        this.#isFailing = false;
        if (Array.isArray(heard)) return { member: String(heard[1]), score: Number(heard[2]) };
      }
    } catch (error) {
      this.#listening = undefined;
      if (isReply(error) && !this.#isFailing) this.#report("waiting for jobs failed; asking twice a second", error);
      this.#isFailing ||= isReply(error);
      await this.pause();
    }
    return undefined;
  }

  /** Lasts as long as one should wait after a failure, or until somebody hangs up. */
  async pause(): Promise<void> {
    await this.#first(undefined, failedMs);
  }

  /** Ends what waits, and the connection it waits on. The next to wait gets a new one. */
  hangUp(): void {
    this.#client?.disconnect();
    this.#client = undefined;
    this.#listening = undefined;
    this.#interrupt?.();
  }

  #listen(key: string, seconds: number): Listening {
    this.#client ??= this.#open();
    const reply = this.#client.call("bzpopmin", key, seconds);
    // It may fail while nobody waits.
    reply.catch(() => undefined);
    return { reply, deafAt: performance.now() + 1_000 * seconds + graceMs };
  }

  #open(): RedisClient {
    const client = this.#connect();
    // Without a listener it would be printed. What is wrong with the server, the connection for commands reports.
    client.on("error", () => undefined);
    return client;
  }

  #giveUp(): undefined {
    this.hangUp();
    this.#report("the connection on which a worker waits for jobs was deaf; it is replaced", undefined);
  }

  async #first(reply: Promise<unknown> | undefined, ms: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(resolve, ms, late);
        this.#interrupt = () => resolve(hungUp);
        reply?.then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#interrupt = undefined;
    }
  }
}

const late = Symbol("late");
const hungUp = Symbol("hung up");
