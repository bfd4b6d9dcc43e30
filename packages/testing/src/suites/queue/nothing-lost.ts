import type { JobId } from "@semel/core/adapter";
import { expect } from "vitest";
import { abandon, ack, returned } from "./hands.ts";
import type { Promised, QueueStage } from "./stage.ts";

/** Far more than in any other group: an adapter that loses one in many is found here, and nowhere else. */
const many = 120;

export function nothingLost(promised: Promised): void {
  promised(
    `of ${many} jobs, added one by one and in batches, every one reaches one of several consumers`,
    async (stage) => {
      const reached = new Set<JobId>();
      for (const queue of [stage.queue, await stage.anotherIfPossible()]) {
        for (let consumer = 0; consumer < 2; consumer++) {
          await stage.hands({ queue, concurrency: 5, answer: ({ id }) => reached.add(id) && ack });
        }
      }
      const ids = await addAllAtOnce(stage);
      await stage.time.until(() => reached.size >= ids.length, `all ${many} jobs`).catch(() => {});
      expect(
        ids.filter((id) => !reached.has(id)),
        "jobs nobody was given",
      ).toEqual([]);
      await stage.time.until(async () => total(await stage.queue.counts(stage.lane)) === 0, "empty lane");
    },
  );

  promised(
    `of ${many} jobs, returned, abandoned and delayed on their way, every one is acknowledged in the end`,
    async (stage) => {
      const acknowledged = new Set<JobId>();
      const times = new Map<JobId, number>();
      const answer = ({ id }: { id: JobId }) => {
        const time = (times.get(id) ?? 0) + 1;
        times.set(id, time);
        const turn = Number(id.split("-").at(-1)) % 5;
        if (time === 1 && turn === 1) return returned();
        if (time === 1 && turn === 2) return returned(stage.time.shortMs / 2);
        if (time === 1 && turn === 3) return abandon;
        acknowledged.add(id);
        return ack;
      };
      const holdMs = stage.time.shortMs;
      for (let consumer = 0; consumer < 3; consumer++) await stage.hands({ concurrency: 10, holdMs, answer });
      const ids = await addAllAtOnce(stage);
      await stage.time.until(() => acknowledged.size >= ids.length, `end of all ${many} jobs`).catch(() => {});
      expect(
        ids.filter((id) => !acknowledged.has(id)),
        "jobs that never came to an end",
      ).toEqual([]);
    },
  );
}

const total = (counts: { waiting: number; delayed: number; running: number }): number =>
  counts.waiting + counts.delayed + counts.running;

/** A third in one call, the rest in calls of one, all under way together. */
async function addAllAtOnce(stage: QueueStage): Promise<readonly JobId[]> {
  const jobs = stage.jobs(many);
  const batch = jobs.slice(0, many / 3);
  const single = jobs.slice(many / 3);
  const ids = await Promise.all([stage.add(...batch), ...single.map((job) => stage.add(job))]);
  return ids.flat();
}
