import type { JobId, QueueFeatures } from "@semel/core/adapter";
import { openRedis, type RedisClient, type RedisConnection, type RedisSource } from "@semel/redis-connection";
import type { BackendFactory, IQueueBackend } from "bullmq";
import type { Broker, BrokerCounts, JobData, Report } from "../broker.ts";
import { inOneSlot } from "./bull-queue-name.ts";
import { look } from "./look.ts";
import { RedisLane } from "./redis-lane.ts";
import { isRefusal } from "./refusal.ts";
import { textData } from "./text-data.ts";

export interface RedisBrokerOptions {
  readonly prefix: string;
  readonly keepFinished: number;
  readonly allowNoPersistence: boolean;
}

/** How long a connection that is alive takes to answer. In milliseconds. */
const signOfLifeMs = 1_000;

function isConnection(source: RedisSource | RedisConnection): source is RedisConnection {
  return typeof source === "object" && "judge" in source && "share" in source;
}

/** BullMQ on Redis: one connection for all that adds and asks, one for all workers, and one more for each worker. */
export class RedisBroker implements Broker {
  readonly features: QueueFeatures = {
    idempotentAdd: true,
    lookup: true,
    remove: true,
    priority: true,
    hold: true,
    limit: true,
    durable: true,
    delayPrecisionMs: 50,
  };
  readonly data: JobData = textData;
  /** Commands of one connection do not overtake one another, and BullMQ's bulk is no faster. */
  readonly bulkFrom: number = Number.POSITIVE_INFINITY;
  readonly #options: RedisBrokerOptions;
  #report: Report = () => undefined;
  readonly #connection: RedisConnection;
  #commands: RedisClient | undefined;
  #patient: RedisClient | undefined;
  #reviving: Promise<void> | undefined;

  constructor(source: RedisSource | RedisConnection, options: RedisBrokerOptions) {
    this.#options = options;
    const onProblem: Report = (text, error) => this.#report(text, error);
    // It connects to nothing yet, and refuses a source that it cannot understand.
    this.#connection = isConnection(source)
      ? source.share(onProblem)
      : openRedis(source, { allowNoPersistence: options.allowNoPersistence, onProblem });
  }

  async open(report: Report): Promise<readonly string[]> {
    this.#report = report;
    const { warnings } = await this.#connection.judge();
    this.#commands = await this.#connection.commands();
    this.#patient = await this.#connection.patient();
    return warnings;
  }

  nameOf(queue: string): string {
    return inOneSlot(queue);
  }

  readonly backend: BackendFactory<IQueueBackend, unknown> = (name, options, { withBlockingConnection = false } = {}) =>
    new RedisLane(
      {
        client: started(withBlockingConnection ? this.#patient : this.#commands),
        connect: withBlockingConnection ? () => this.#forWaiting() : undefined,
        prefix: this.#options.prefix,
        keepFinished: this.#options.keepFinished,
        report: this.#report,
      },
      name,
      options,
    );

  /** One that never sends anything again: see {@link RedisLane}. */
  #forWaiting(): RedisClient {
    const patient = started(this.#patient);
    const once = { lazyConnect: false, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false };
    if (!this.#connection.isCluster) return patient.duplicate(once);
    const { redisOptions } = patient.options as { redisOptions?: object };
    return patient.duplicate([], { lazyConnect: false, redisOptions: { ...redisOptions, maxRetriesPerRequest: 0 } });
  }

  #keyOf(queue: string, part: string): string {
    return `${this.#options.prefix}:${queue}:${part}`;
  }

  async has(queue: string, id: JobId): Promise<boolean> {
    return (await started(this.#commands).call("exists", this.#keyOf(queue, id))) === 1;
  }

  counts(queue: string): Promise<BrokerCounts> {
    return look(started(this.#commands), (part) => this.#keyOf(queue, part));
  }

  async wake(queue: string): Promise<void> {
    await started(this.#commands).call("zadd", this.#keyOf(queue, "marker"), 0, "0");
  }

  /** Cuts the workers' connection if it is open and gives no sign of life: it connects anew and sends again. */
  revive(queue: string): Promise<void> {
    this.#reviving ??= this.#revive(queue).finally(() => {
      this.#reviving = undefined;
    });
    return this.#reviving;
  }

  async #revive(queue: string): Promise<void> {
    const patient = started(this.#patient);
    if (patient.status !== "ready") return;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<true>((resolve) => {
      timer = setTimeout(resolve, signOfLifeMs, true);
    });
    // A refusal is a sign of life as well.
    const answer = patient.call("exists", this.#keyOf(queue, "marker")).then(
      () => false,
      () => false,
    );
    const isDeaf = await Promise.race([answer, silence]);
    clearTimeout(timer);
    if (isDeaf) patient.disconnect(true);
  }

  refused(error: unknown): boolean {
    return isRefusal(error);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function started<T>(made: T | undefined): T {
  if (made === undefined) throw new Error("the queue is not started");
  return made;
}
