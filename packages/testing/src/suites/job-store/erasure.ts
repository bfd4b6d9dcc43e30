import { expect } from "vitest";
import { completed, dead, settle, stepBegin, stepDone } from "./operations.ts";
import type { Promised } from "./stage.ts";

export function erasure(promised: Promised): void {
  promised("forgetting a key leaves nothing of it, and everything else", async (stage) => {
    const gone = await stage.settled(completed('"secret"', { envelope: '"secret"', followUps: '["secret"]' }));
    const kept = await stage.settled(completed('"kept"'));
    expect(await stage.store.forget({ key: gone.key })).toBe(1);
    expect(await stage.store.read([gone.key, kept.key])).toMatchObject([undefined, { state: "completed" }]);
    expect([await stage.store.result(gone.key), await stage.store.envelope(gone.key)]).toEqual([undefined, undefined]);
    expect(await stage.store.result(kept.key)).toBe('"kept"');
    expect(await stage.store.forget({ key: gone.key }), "a second time").toBe(0);
  });

  promised("forgetting takes the letter along", async (stage) => {
    const gone = await stage.settled(dead());
    const kept = await stage.settled(dead());
    expect(await stage.store.forget({ key: gone.key })).toBe(1);
    expect((await stage.letters.list({}, { limit: 10 })).map(({ id }) => id)).toEqual([kept.job.id]);
    expect(await stage.letters.get(gone.job.id)).toBeUndefined();
  });

  promised("forgetting takes steps and what hangs on them along", async (stage) => {
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "charge"));
    await stage.expect("recorded", stepDone(running, "charge", '"secret"'));
    expect(await stage.store.forget({ key: running.key })).toBe(1);
    expect(await stage.apply(settle(running, completed()))).toMatchObject({ is: "lost", state: "absent" });
    const again = await stage.claimed(running.job);
    expect(await stage.apply(stepBegin(again, "charge", { onUncertain: "ask" }))).toEqual({
      is: "run",
      repeated: false,
    });
  });

  promised("forgetting a tenant takes all its records and letters, and nobody else's", async (stage) => {
    const acme = [
      await stage.reserved({ tenant: "acme" }),
      (await stage.running({ tenant: "acme" })).job,
      (await stage.settled(completed(), { tenant: "acme" })).job,
      (await stage.settled(dead(), { tenant: "acme" })).job,
    ];
    const others = [
      (await stage.settled(dead(), { tenant: "acme " })).job,
      (await stage.settled(dead(), { tenant: "ACME" })).job,
      (await stage.settled(dead())).job,
    ];
    expect(await stage.store.forget({ tenant: "acme" })).toBe(acme.length);
    expect(await stage.store.read(acme.map(({ key }) => key))).toEqual(acme.map(() => undefined));
    expect((await stage.store.read(others.map(({ key }) => key))).map((record) => record?.state)).toEqual([
      "dead",
      "dead",
      "dead",
    ]);
    expect(await stage.letters.list({ tenant: "acme" }, { limit: 10 })).toEqual([]);
    expect(await stage.letters.list({}, { limit: 10 })).toHaveLength(others.length);
    expect(await stage.store.forget({ tenant: "unknown" })).toBe(0);
  });
}
