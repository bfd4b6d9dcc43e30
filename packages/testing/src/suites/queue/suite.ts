import type { Host, Queue, QueueFeatures } from "@semel/core/adapter";
import type { SuiteTime } from "../time.ts";

/** A queue for one test. The suite starts it, with a namespace of its own, and disposes of it. */
export interface QueueUnderTest {
  readonly queue: Queue;
  /**
   * Another object over the same broker, as a second process has it; the suite starts it with the same namespace and
   * disposes of it. Without it, the promises between processes are skipped.
   */
  readonly open?: (() => Queue | Promise<Queue>) | undefined;
  /** Default: {@link realTime}. */
  readonly time?: SuiteTime | undefined;
  /** Overrides of what the queue is started with. */
  readonly host?: Partial<Host> | undefined;
  /** Restarts the broker, ungracefully if that can be had; resolves when it takes connections again. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Called after the test, when all queues are disposed of: for clients and servers that are the driver's own. */
  readonly dispose?: (() => Promise<void>) | undefined;
}

export interface QueueSuite {
  /** The adapter's name, for the report. */
  readonly name: string;
  /** Called for each test. Tests run one after the other and never share a namespace. */
  readonly create: () => QueueUnderTest | Promise<QueueUnderTest>;
  /** What the adapter declares. Each is held against it both ways: what it has must work, what it has not must reject. */
  readonly features: QueueFeatures;
  /** For one test, in real time. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}
