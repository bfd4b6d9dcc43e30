import type { Delivery, JobId } from "@semel/core/adapter";
import { expect } from "vitest";
import { ack, type Hands } from "./hands.ts";
import type { Promised } from "./stage.ts";

/** Fewer than in "nothing lost": an adapter that loses one in many is to be found there. */
const many = 40;

export function oneHolder(promised: Promised): void {
  promised(`each of ${many} jobs is in one pair of hands, however many consumers reach for it`, async (stage) => {
    const held = new Set<JobId>();
    const twice: JobId[] = [];
    const workers: Hands[] = [];
    const take = ({ id }: Delivery): undefined => {
      if (held.has(id)) twice.push(id);
      held.add(id);
    };
    for (const queue of [stage.queue, await stage.anotherIfPossible()]) {
      for (let consumer = 0; consumer < 3; consumer++)
        workers.push(await stage.hands({ queue, concurrency: 4, answer: take }));
    }
    await stage.add(...stage.jobs(many));
    let done = 0;
    // Everybody holds what they can get, then all put it down together: as many hand-overs at a time as possible.
    while (done < many) {
      await stage.time.until(() => workers.some(({ open }) => open.length > 0), `delivery after ${done} of ${many}`);
      for (const taken of workers.flatMap(({ open }) => open)) {
        held.delete(taken.delivery.id);
        taken.dispose(ack);
        done++;
      }
    }
    await stage.quiet();
    expect(twice, "jobs handed to two at a time").toEqual([]);
    expect(
      workers.flatMap(({ ids }) => ids),
      "hand-overs in all",
    ).toHaveLength(many);
  });
}
