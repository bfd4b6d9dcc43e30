import { type PostgresConnection, PostgresQueueBackend, type QueueBaseOptions } from "bullmq";

/** Fetches in a row that came back empty although a job was waiting, before the worker slows down. */
const patience = 2;
const slowMs = 100;

/**
 * BullMQ's PostgreSQL backend of one lane, with one habit changed. A worker that may not have a waiting job (the lane
 * is at its limit) is told again and again that there is one and asks as fast as the database answers: on one PGlite
 * that starves everybody else. Here it asks ten times a second.
 */
export class LaneBackend extends PostgresQueueBackend {
  readonly #family: Set<LaneBackend>;
  #emptyHanded = 0;
  #interrupt: (() => void) | undefined;

  /** @param family those who are to be woken when the shared connection starts to listen anew */
  constructor(
    connection: PostgresConnection,
    name: string,
    options: QueueBaseOptions<never>,
    family: Set<LaneBackend>,
  ) {
    super(connection, name, options, false);
    this.#family = family;
    family.add(this);
  }

  override async close(): Promise<void> {
    this.#family.delete(this);
  }

  /** What is done leaves nothing behind. Said here, so that no job need carry it. */
  override moveToCompleted(
    ...[job, value, _keep, token, fetchNext]: Parameters<PostgresQueueBackend["moveToCompleted"]>
  ): ReturnType<PostgresQueueBackend["moveToCompleted"]> {
    return super.moveToCompleted(job, value, true, token, fetchNext);
  }

  /** Only a failure within BullMQ leads here. */
  override moveToFailed(
    ...[job, reason, _keep, token, ...rest]: Parameters<PostgresQueueBackend["moveToFailed"]>
  ): ReturnType<PostgresQueueBackend["moveToFailed"]> {
    return super.moveToFailed(job, reason, true, token, ...rest);
  }

  /** The session that listened is gone: whoever waits on it has to wait on the new one. */
  async listenAgain(): Promise<void> {
    await this.disconnectBlocking();
    await this.reconnectBlocking();
  }

  // biome-ignore lint/suspicious/noExplicitAny: BullMQ's own signature.
  override async moveToActive(token: string, name?: string): Promise<any[]> {
    const answer = await super.moveToActive(token, name);
    this.#emptyHanded = answer[0] ? 0 : this.#emptyHanded + 1;
    return answer;
  }

  override async waitForJob(blockTimeout: number): Promise<{ member: string; score: number } | null> {
    const marker = await super.waitForJob(blockTimeout);
    if (marker && this.#emptyHanded > patience) await this.#pause();
    return marker;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, slowMs);
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  override async disconnectBlocking(wait?: boolean): Promise<void> {
    await super.disconnectBlocking(wait);
    this.#interrupt?.();
  }
}
