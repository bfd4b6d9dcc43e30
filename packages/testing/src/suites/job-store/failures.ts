import { expect } from "vitest";
import { cancelled, completed, dead, letter, redrive, retrying, settle } from "./operations.ts";
import type { Promised } from "./stage.ts";

/** What went wrong must be readable afterwards, as it was told. */
export function failures(promised: Promised): void {
  const error = { code: "PROVIDER_UNAVAILABLE", message: 'odd "text" \\ 👩‍👩‍👧 \n\u2028 {x} %s' };

  promised("the error of a failed attempt is on the record", async (stage) => {
    const running = await stage.settled(retrying({ error }));
    expect((await stage.standing(running)).error).toEqual(error);
  });

  promised("an error stays until another takes its place, and a release brings none", async (stage) => {
    const { job } = await stage.settled(retrying({ error }));
    const released = await stage.claimed(job);
    expect((await stage.standing(job)).error, "while the next attempt runs").toEqual(error);
    await stage.expect("settled", settle(released, retrying({ counts: "nothing" })));
    expect((await stage.standing(job)).error, "after a release").toEqual(error);
    const failed = await stage.claimed(job);
    await stage.expect("settled", settle(failed, retrying({ error: { code: "OTHER", message: "" } })));
    expect((await stage.standing(job)).error, "after another failure").toEqual({ code: "OTHER", message: "" });
    const completing = await stage.claimed(job);
    await stage.expect("settled", settle(completing, completed()));
    expect((await stage.standing(job)).error, "of completed work").toBeUndefined();
  });

  promised("dead work says why it died, and of what", async (stage) => {
    const running = await stage.settled(dead({ reason: "NON_RETRYABLE", error }));
    expect(await stage.standing(running)).toMatchObject({ state: "dead", reason: "NON_RETRYABLE", error });
  });

  promised("dead work without an error of its own keeps that of its last attempt", async (stage) => {
    const { job } = await stage.settled(retrying({ error }));
    await stage.expect("settled", settle(await stage.claimed(job), dead({ reason: "DEADLINE" })));
    expect(await stage.standing(job)).toMatchObject({ reason: "DEADLINE", error });
  });

  promised("a letter's body comes out as it went in", async (stage) => {
    const body = JSON.stringify({
      error: { ...error, cause: { code: "ECONNRESET", message: "a\u0000b \ud800" } },
      history: [1, 2, 3],
    });
    const { job } = await stage.settled(dead({ error, letter: letter({ body }) }));
    expect((await stage.letters.get(job.id))?.body, "by id").toBe(body);
    expect(
      (await stage.letters.list({}, { limit: 10 })).map((found) => found.body),
      "in the list",
    ).toEqual([body]);
  });

  promised("cancelled work says by whom", async (stage) => {
    const running = await stage.settled(cancelled({ by: "ada@example.test" }));
    expect((await stage.standing(running)).error).toEqual({ code: "JOB_CANCELLED", message: "ada@example.test" });
  });

  promised("work that was brought back starts without the old error", async (stage) => {
    const { job } = await stage.settled(dead({ reason: "NON_RETRYABLE", error }));
    await stage.expect("redriven", redrive(job, "again"));
    const record = await stage.standing(job);
    expect([record.error, record.reason]).toEqual([undefined, undefined]);
  });
}
