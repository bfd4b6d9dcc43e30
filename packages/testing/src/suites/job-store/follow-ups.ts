import { expect } from "vitest";
import { expectFields } from "./fields.ts";
import { cancelled, claim, completed, dead, followUpsSent, redrive } from "./operations.ts";
import type { Promised } from "./stage.ts";

const followUps = '["{\\"id\\":\\"next\\"}","👩‍👩‍👧 \\u0000"]';

export function followUpsOf(promised: Promised): void {
  for (const settlement of [completed('"done"', { followUps }), dead({ followUps }), cancelled({ followUps })]) {
    promised(
      `the follow-ups of ${settlement.state} work wait for every delivery of it until they are sent`,
      async (stage) => {
        const { job } = await stage.settled(settlement);
        expect(await stage.standing(job)).toMatchObject({ hasFollowUps: true });
        for (const owner of ["a", "b"]) {
          expect(await stage.apply(claim(job, owner))).toMatchObject({
            is: "finished",
            state: settlement.state,
            followUps,
          });
        }
        expect(await stage.apply(followUpsSent(job))).toEqual({ is: "noted" });
        expect((await stage.standing(job)).hasFollowUps).toBeUndefined();
        expectFields(await stage.apply(claim(job, "c")), {
          is: "finished",
          state: settlement.state,
          followUps: undefined,
        });
      },
    );
  }

  promised("only the job that left them can have sent them", async (stage) => {
    const { job } = await stage.settled(completed('"done"', { followUps }));
    expect(await stage.apply(followUpsSent({ ...job, id: `${job.key}.other` }))).toEqual({ is: "noted" });
    expect(await stage.apply(claim(job, "a"))).toMatchObject({ is: "finished", followUps });
  });

  promised("noting what nobody waits for changes nothing", async (stage) => {
    const nobody = stage.job();
    expect(await stage.apply(followUpsSent(nobody))).toEqual({ is: "noted" });
    expect(await stage.record(nobody)).toBeUndefined();
    const { job } = await stage.settled(completed());
    const before = await stage.standing(job);
    expect(await stage.apply(followUpsSent(job))).toEqual({ is: "noted" });
    expect(await stage.standing(job)).toEqual(before);
  });

  promised("what has follow-ups that are not known to be sent is not brought back before they are", async (stage) => {
    const { job } = await stage.settled(dead({ followUps }));
    expect(await stage.apply(redrive(job, "again"))).toEqual({ is: "already", id: job.id, state: "dead" });
    await stage.expect("noted", followUpsSent(job));
    await stage.expect("redriven", redrive(job, "again"));
    expect((await stage.standing(job)).hasFollowUps).toBeUndefined();
  });
}
