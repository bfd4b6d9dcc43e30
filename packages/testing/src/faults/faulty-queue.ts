import type { Addition, Consumer, Delivery, Duration, Queue } from "@semel/core/adapter";
import { toMs } from "@semel/core/adapter";
import { type FaultDiary, FaultPlan } from "./fault-plan.ts";
import { type DeliveryFault, FaultyConsumer } from "./faulty-consumer.ts";
import { inFrontOf } from "./faulty-object.ts";
import { type Faults, FaultyPort } from "./faulty-port.ts";
import type { DeliveryFaultOptions, LateOptions } from "./options.ts";

type Verb = Exclude<keyof Queue, "ports" | "features" | typeof Symbol.asyncDispose>;

/** Where a queue can fail: at its verbs, at the extension of a hold, and where it is told what becomes of a delivery. */
export type QueuePoints = { readonly [V in Verb]: Parameters<Queue[V]> } & {
  readonly extend: Parameters<Consumer["extend"]>;
  /** A failing acknowledgement is lost: the job is delivered again when its hold ends. */
  readonly ack: Delivery;
  /** The same of a delivery that was to be returned. */
  readonly return: Delivery;
};

/** What can happen to deliveries, beside the faults of calls. */
export interface DeliveryFaults {
  /** `add` answers that it took none of these: certainly not added. */
  refuseNext(options?: Omit<DeliveryFaultOptions, "if"> & { if?: (addition: Addition) => boolean }): void;
  /** The next delivery is handed over twice at once, as two deliveries. */
  duplicateNext(options?: DeliveryFaultOptions): void;
  /** The next delivery comes late. Later than its hold, and the broker has delivered it again meanwhile. */
  delayNext(options: LateOptions): void;
  /** The next deliveries each come late by a random part of a time, so that they overtake each other. Default: the next 10. */
  reorderNext(options: LateOptions): void;
  /**
   * The broker takes the next delivery back while it is being handled, and hands it over again: its hold has ended early.
   * What becomes of the first hand-over, the broker does not listen to any more.
   */
  takeBackNext(options?: DeliveryFaultOptions & { readonly after?: Duration | undefined }): void;
}

export type FaultyQueue = Queue & Faults<QueuePoints> & DeliveryFaults;

const verbs = Object.keys({
  start: 0,
  add: 0,
  consume: 0,
  has: 0,
  remove: 0,
  hold: 0,
  release: 0,
  limit: 0,
  counts: 0,
  lanes: 0,
} satisfies Record<Verb, 0>);

type Method = (...args: unknown[]) => Promise<unknown>;

export function faultyQueue(queue: Queue, diary: FaultDiary): FaultyQueue {
  const consumers = new Set<FaultyConsumer>();
  const deliveries = new FaultPlan<DeliveryFault>(diary);
  const refusals = new FaultPlan<"refuse">(diary);
  const port = new FaultyPort("queue", [...verbs, "extend", "ack", "return"], diary, (isSilent) => {
    for (const consumer of consumers) consumer.listen(!isSilent);
  });
  const own: Record<PropertyKey, unknown> = {};
  for (const verb of verbs) {
    const method = Reflect.get(queue, verb) as Method;
    own[verb] = (...args: unknown[]) => {
      if (verb === "start") port.started(args[0] as Parameters<Queue["start"]>[0]);
      return port.call([{ point: verb, call: args }], () => method.apply(queue, args));
    };
  }

  const add: Queue["add"] = (additions) =>
    port.call([{ point: "add", call: [additions] }], async () => {
      const refused = new Set(additions.filter((call) => refusals.strike([{ point: "add", call }])));
      for (const { id } of refused) port.note(`refuses to add ${id}`);
      const taken = [...(await queue.add(additions.filter((addition) => !refused.has(addition))))];
      const no = { is: "refused", error: diary.error("queue: the addition was refused") } as const;
      return additions.flatMap((addition) => (refused.has(addition) ? no : taken.splice(0, 1)));
    });
  const consume: Queue["consume"] = (lane, options, handle) =>
    port.call([{ point: "consume", call: [lane, options, handle] }], async () => {
      const consumer = new FaultyConsumer(port, deliveries, options, handle, () => consumers.delete(consumer));
      consumers.add(consumer);
      await consumer.take(queue, lane);
      return consumer;
    });

  const plan = (verb: string, fault: DeliveryFault, options: DeliveryFaultOptions): void =>
    deliveries.add(verb, "any", fault, options);
  const faults: DeliveryFaults = {
    refuseNext: (options = {}) => refusals.add("refuseNext", "any", "refuse", options),
    duplicateNext: (options = {}) => plan("duplicateNext", { is: "twice" }, options),
    delayNext({ by, ...options }) {
      const delayMs = toMs(by, "delayNext.by");
      plan("delayNext", { is: "late", delayMs: () => delayMs }, options);
    },
    reorderNext({ by, times = 10, ...options }) {
      const mostMs = toMs(by, "reorderNext.by");
      const delayMs = (): number => Math.floor(diary.random() * mostMs);
      plan("reorderNext", { is: "late", delayMs }, { ...options, times });
    },
    takeBackNext({ after = "0s", ...options } = {}) {
      plan("takeBackNext", { is: "taken-back", afterMs: toMs(after, "takeBackNext.after") }, options);
    },
  };
  const { controls } = port;
  const resume = (): void => {
    deliveries.clear();
    refusals.clear();
    controls.resume();
  };
  Object.assign(own, { add, consume }, faults, { [Symbol.asyncDispose]: () => port.call([], () => dispose(queue)) });
  return inFrontOf(inFrontOf(queue, controls), { ...own, resume }) as unknown as FaultyQueue;
}

const dispose = async (queue: Queue): Promise<void> => queue[Symbol.asyncDispose]();
