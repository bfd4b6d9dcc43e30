import { type RedisClient, withoutArguments } from "@semel/redis-connection";
import { QueueKeys, RedisConnection, RedisQueueBackend } from "bullmq";
import type { Report } from "../broker.ts";
import { Doorbell, type Ring } from "./doorbell.ts";
import { type FinishedJob, keepCopy } from "./finished-copy.ts";
import { takeBackHalf } from "./half-added.ts";
import { dueField } from "./look.ts";
import { mayBeHalfDone } from "./refusal.ts";

export interface RedisLaneWay {
  /** Stays open when the lane is closed. */
  readonly client: RedisClient;
  /** Makes the connection on which a worker waits for jobs. Absent for what only adds. */
  readonly connect?: (() => RedisClient) | undefined;
  readonly prefix: string;
  /** How many acknowledged jobs of the lane are kept for people to look at. */
  readonly keepFinished: number;
  readonly report: Report;
}

type Base = RedisQueueBackend;

/** BullMQ's way to somebody else's connection. It asks the server nothing and prints nothing. */
function borrowed(client: RedisClient): RedisConnection {
  const connection = new RedisConnection(client as never, {
    shared: true,
    blocking: false,
    skipVersionCheck: true,
    skipWaitingForReady: true,
  });
  // Whoever owns the connection reports what is wrong with it.
  connection.on("error", () => undefined);
  return connection;
}

/** BullMQ's Redis backend of one lane, with some habits changed that do not survive an outage, or cost each job. */
export class RedisLane extends RedisQueueBackend {
  readonly #way: RedisLaneWay;
  readonly #connection: RedisConnection;
  readonly #doorbell: Doorbell | undefined;

  /** @param options of BullMQ's queue or worker; the backend finds its hold and its sweep there */
  constructor(way: RedisLaneWay, name: string, options: object) {
    const { client, connect, prefix, report } = way;
    const keys = new QueueKeys(prefix);
    const connection = borrowed(client);
    const all = { ...options, prefix, connection: {} };
    super(connection, name, keys.getKeys(name), (part) => keys.toKey(name, part), all, undefined, false);
    this.#way = way;
    this.#connection = connection;
    this.#doorbell = connect && new Doorbell(connect, report);
  }

  /** In seconds. What servers before 7.0.8 can wait at the least. */
  override get minimumBlockTimeout(): number {
    return 0.002;
  }

  override async addJob(...[job, id, parent]: Parameters<Base["addJob"]>): Promise<string> {
    try {
      return await super.addJob(job, id, parent);
    } catch (error) {
      const isUnclear = mayBeHalfDone(error) && !(await takeBackHalf(this.#way.client, (part) => this.toKey(part), id));
      if (isUnclear) throw new Error("it is unknown whether the job was added", { cause: withoutArguments(error) });
      throw withoutArguments(error);
    }
  }

  /** Refused, BullMQ's worker would ask again at once, and so on until the reason is gone. */
  override async moveToActive(...args: Parameters<Base["moveToActive"]>): ReturnType<Base["moveToActive"]> {
    try {
      return await super.moveToActive(...args);
    } catch (error) {
      await this.#doorbell?.pause();
      throw withoutArguments(error);
    }
  }

  /** Keeps until when it is delayed: once that is over, BullMQ forgets. */
  override moveToDelayed(
    ...[id, now, delay, token, options]: Parameters<Base["moveToDelayed"]>
  ): ReturnType<Base["moveToDelayed"]> {
    const fieldsToUpdate = { ...options?.fieldsToUpdate, [dueField]: now + delay };
    return super.moveToDelayed(id, now, delay, token, { ...options, fieldsToUpdate });
  }

  /** What is done leaves nothing behind. Said here, so that no job need carry it. */
  override async moveToCompleted(
    ...[job, value, _keep, token, fetchNext]: Parameters<Base["moveToCompleted"]>
  ): ReturnType<Base["moveToCompleted"]> {
    const moved = await super.moveToCompleted(job, value, true, token, fetchNext);
    const { keepFinished, client, report } = this.#way;
    if (keepFinished > 0) {
      keepCopy(client, (part) => this.toKey(part), keepFinished, job as FinishedJob).catch((error: unknown) =>
        report("an acknowledged job was not kept for looking at", error),
      );
    }
    return moved;
  }

  /** Only a failure within BullMQ leads here. */
  override moveToFailed(
    ...[job, reason, _keep, token, ...rest]: Parameters<Base["moveToFailed"]>
  ): ReturnType<Base["moveToFailed"]> {
    return super.moveToFailed(job, reason, true, token, ...rest);
  }

  /**
   * Between all workers of a lane one sweeps in each interval. BullMQ lets the turn of a sweep end when the next is due,
   * so that a timer that is a moment early misses it, and an ended hold is found an interval later.
   */
  protected override moveStalledJobsToWaitArgs(): (string | number)[] {
    const args = super.moveStalledJobsToWaitArgs();
    return [...args.slice(0, -1), Math.ceil(0.8 * Number(args.at(-1)))];
  }

  override async waitForJob(seconds: number): Promise<Ring | null> {
    return (await this.#doorbell?.wait(this.keys.marker as string, seconds)) ?? null;
  }

  override async disconnectBlocking(): Promise<void> {
    this.#doorbell?.hangUp();
  }

  override async reconnectBlocking(): Promise<void> {}

  override close(): Promise<void> {
    this.closing ??= this.#close();
    return this.closing;
  }

  async #close(): Promise<void> {
    this.#doorbell?.hangUp();
    await this.#connection.close();
  }
}
