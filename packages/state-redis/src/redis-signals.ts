import { SemelError } from "@semel/core";
import type { JobId, Signals, SignalTopic } from "@semel/core/adapter";
import type { RedisClient, RedisConnection } from "@semel/redis-connection";

/** Ids in one message. */
const mostIds = 500;
/** How long ids gather. Whoever waits for a job does not notice; a worker that ends thousands a second sends a tenth of the messages. */
const gatherMs = 2;

/**
 * Wake-ups by publish and subscribe. What is published within 2 ms travels as one message; nobody listening
 * costs nothing more. One connection of its own subscribes, from the first subscription on.
 */
export class RedisSignals implements Signals {
  readonly #connection: RedisConnection;
  readonly #channel: (topic: SignalTopic) => string | undefined;
  readonly #report: (text: string, error: unknown) => void;
  readonly #listeners: Record<SignalTopic, Set<(id: JobId) => void>> = { changed: new Set(), cancel: new Set() };
  readonly #outgoing = new Map<SignalTopic, Set<JobId>>();
  #subscriber: Promise<RedisClient> | undefined;
  #isDeaf = false;
  #isClosed = false;
  #isForbidden = false;

  constructor(
    connection: RedisConnection,
    channel: (topic: SignalTopic) => string | undefined,
    report: (text: string, error: unknown) => void,
  ) {
    this.#connection = connection;
    this.#channel = channel;
    this.#report = report;
  }

  publish(topic: SignalTopic, id: JobId): void {
    if (this.#isClosed) return;
    if (this.#outgoing.size === 0) setTimeout(() => void this.#flush(), gatherMs);
    const ids = this.#outgoing.get(topic) ?? new Set();
    this.#outgoing.set(topic, ids.add(id));
  }

  async #flush(): Promise<void> {
    const outgoing = [...this.#outgoing];
    this.#outgoing.clear();
    if (this.#isClosed) return;
    try {
      const client = await this.#connection.commands();
      for (const [topic, ids] of outgoing) {
        const channel = this.#channel(topic);
        if (channel === undefined) continue;
        const all = [...ids];
        for (let from = 0; from < all.length; from += mostIds)
          await client.call("publish", channel, JSON.stringify(all.slice(from, from + mostIds)));
      }
    } catch (error) {
      // Whoever waits looks from time to time; that Redis cannot be reached is said by those who need it.
      if (this.#isForbidden || !(error instanceof Error && error.message.startsWith("NOPERM"))) return;
      this.#isForbidden = true;
      this.#report("the user of Redis may not publish, so nobody is woken up: grant +publish and the channels", error);
    }
  }

  async subscribe(topic: SignalTopic, listen: (id: JobId) => void): Promise<AsyncDisposable> {
    if (this.#isClosed) throw new SemelError("CLOSED", "the store has been closed");
    const listeners = this.#listeners[topic];
    listeners.add(listen);
    try {
      this.#subscriber ??= this.#connect();
      await this.#listenTo(await this.#subscriber, topic);
    } catch (error) {
      listeners.delete(listen);
      throw error;
    }
    return { [Symbol.asyncDispose]: async () => void listeners.delete(listen) };
  }

  /** Refused once, it is refused always: that is said, and those who wait look from time to time. */
  async #listenTo(subscriber: RedisClient, topic: SignalTopic): Promise<void> {
    const channel = this.#channel(topic);
    if (channel === undefined || this.#isDeaf) return;
    try {
      await subscriber.call("subscribe", channel);
    } catch (error) {
      if ((error as Error).name !== "ReplyError") throw error;
      this.#isDeaf = true;
      this.#report(
        "the user of Redis may not subscribe, so nobody is woken up: grant +subscribe and the channels",
        error,
      );
    }
  }

  async #connect(): Promise<RedisClient> {
    const subscriber = await this.#connection.subscriber().catch((error: unknown) => {
      this.#subscriber = undefined;
      throw error;
    });
    subscriber.on("message", (channel: string, message: string) => {
      for (const topic of ["changed", "cancel"] as const) {
        if (channel !== this.#channel(topic) || this.#listeners[topic].size === 0) continue;
        for (const id of this.#idsIn(message)) for (const listen of this.#listeners[topic]) this.#tell(listen, id);
      }
    });
    return subscriber;
  }

  /** Whoever else publishes here must not end this process. */
  #idsIn(message: string): readonly JobId[] {
    try {
      const ids: unknown = JSON.parse(message);
      if (Array.isArray(ids)) return ids;
    } catch {
      // Reported below.
    }
    this.#report("a signal that is none of ours was ignored", undefined);
    return [];
  }

  #tell(listen: (id: JobId) => void, id: JobId): void {
    try {
      listen(id);
    } catch (error) {
      this.#report("a listener for signals threw", error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flush();
    this.#isClosed = true;
    const subscriber = await this.#subscriber?.catch(() => undefined);
    subscriber?.disconnect();
  }
}
