import { expect } from "vitest";
import {
  claim,
  completed,
  dead,
  redrive,
  renew,
  reserve,
  retrying,
  settle,
  stepBegin,
  stepDone,
  stepUndone,
} from "./operations.ts";
import type { Promised, Running, StoreStage } from "./stage.ts";

export function steps(promised: Promised): void {
  promised("a step is run once, and its value answers from then on: in this attempt and the next", async (stage) => {
    const running = await stage.running();
    expect(await stage.apply(stepBegin(running, "charge"))).toEqual({ is: "run", repeated: false });
    expect(await stage.apply(stepDone(running, "charge", '"receipt"'))).toEqual({ is: "recorded" });
    expect(await stage.apply(stepBegin(running, "charge"))).toEqual({ is: "memo", value: '"receipt"' });
    const next = await retried(stage, running);
    expect(await stage.apply(stepBegin(next, "charge"))).toEqual({ is: "memo", value: '"receipt"' });
  });

  promised("a value of nothing is a value", async (stage) => {
    const running = await stage.running();
    await begun(stage, running, "notify", "");
    expect(await stage.apply(stepBegin(running, "notify"))).toEqual({ is: "memo", value: "" });
  });

  promised("steps are told apart by name and by job", async (stage) => {
    const [one, other] = [await stage.running(), await stage.running()];
    const names = ["charge", "Charge", "charge ", "__proto__", "constructor", "a:b", "ü 👩‍👩‍👧", "x".repeat(200)];
    for (const name of names) await begun(stage, one, name, JSON.stringify(name));
    for (const name of names) {
      expect(await stage.apply(stepBegin(one, name))).toEqual({ is: "memo", value: JSON.stringify(name) });
      expect(await stage.apply(stepBegin(other, name))).toEqual({ is: "run", repeated: false });
    }
  });

  promised("a step whose effect certainly did not happen may begin as if never begun", async (stage) => {
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "charge"));
    await stage.expect("recorded", stepUndone(running, "charge"));
    const next = await retried(stage, running);
    expect(await stage.apply(stepBegin(next, "charge", { onUncertain: "ask" }))).toEqual({
      is: "run",
      repeated: false,
    });
  });

  promised("a step begun but never ended is run again knowingly, or only after asking", async (stage) => {
    const running = await stage.running();
    const begunAt = (await stage.expect("held", renew(running))).now;
    await stage.expect("run", stepBegin(running, "charge"));
    const next = await retried(stage, running);
    const asked = await stage.expect("uncertain", stepBegin(next, "charge", { onUncertain: "ask" }));
    expect(asked.since).toBeGreaterThanOrEqual(begunAt);
    expect(asked.since).toBeLessThanOrEqual(next.acquired.now);
    await stage.expect("uncertain", stepBegin(next, "charge", { onUncertain: "ask" }));
    expect(await stage.apply(stepBegin(next, "charge", { onUncertain: "begin" }))).toEqual({
      is: "run",
      repeated: true,
    });
  });

  promised("a step that depends on something else than its memo does is told so", async (stage) => {
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "charge", { input: "i1" }));
    await stage.expect("recorded", stepDone(running, "charge", '"receipt"'));
    expect(await stage.apply(stepBegin(running, "charge", { input: "i2" }))).toEqual({ is: "input-differs" });
    expect(await stage.apply(stepBegin(running, "charge", { input: "i1" }))).toEqual({
      is: "memo",
      value: '"receipt"',
    });
  });

  promised("beginning a step extends the lease", async (stage) => {
    const running = await stage.running({}, { leaseMs: stage.time.shortMs });
    await stage.expect("run", stepBegin(running, "charge", { leaseMs: 60_000 }));
    const { leaseUntil = 0 } = await stage.standing(running);
    expect(leaseUntil - running.acquired.now).toBeGreaterThanOrEqual(60_000);
  });

  promised("an effect that happened is recorded also after the lease, and spares the heir the step", async (stage) => {
    const { stale, heir } = await beganAndLost(stage);
    expect(await stage.apply(stepDone(stale, "charge", '"receipt"'))).toEqual({ is: "recorded" });
    expect(await stage.apply(stepBegin(heir, "charge", { onUncertain: "ask" }))).toEqual({
      is: "memo",
      value: '"receipt"',
    });
  });

  promised("a step's end from before a take-over is refused once the heir has begun the step", async (stage) => {
    const { stale, heir } = await beganAndLost(stage);
    await stage.expect("run", stepBegin(heir, "charge"));
    expect(await stage.apply(stepDone(stale, "charge", '"stale"'))).toEqual({ is: "stale" });
    expect(await stage.apply(stepUndone(stale, "charge"))).toEqual({ is: "stale" });
    expect(await stage.apply(stepDone(heir, "charge", '"fresh"'))).toEqual({ is: "recorded" });
    expect(await stage.apply(stepDone(stale, "charge", '"stale"'))).toEqual({ is: "already", value: '"fresh"' });
  });

  promised("a step that was never begun cannot end", async (stage) => {
    const running = await stage.running();
    expect(await stage.apply(stepDone(running, "charge", '"receipt"'))).toEqual({ is: "stale" });
    expect(await stage.apply(stepBegin(running, "charge"))).toEqual({ is: "run", repeated: false });
  });

  promised("a step is ended by the owner and the fence that began it only", async (stage) => {
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "charge"));
    await stage.expect("stale", stepDone({ ...running, owner: "other" }, "charge", "1"));
    await stage.expect("stale", stepDone({ ...running, fence: running.fence - 1 }, "charge", "2"));
    await stage.expect("recorded", stepDone(running, "charge", "3"));
    expect(await stage.apply(stepDone({ ...running, fence: running.fence - 1 }, "charge", "2"))).toEqual({
      is: "already",
      value: "3",
    });
  });

  promised("redriven work finds its finished steps; work from scratch finds none", async (stage) => {
    const running = await stage.running();
    await begun(stage, running, "charge", '"receipt"');
    await stage.expect("settled", settle(running, dead()));
    await stage.expect("redriven", redrive(running.job, "second", { steps: "keep" }));
    const second = await stage.claimed({ ...running.job, id: `${running.key}.second` });
    expect(await stage.apply(stepBegin(second, "charge"))).toEqual({ is: "memo", value: '"receipt"' });
    await stage.expect("settled", settle(second, dead()));
    await stage.expect("redriven", redrive(second.job, "third", { steps: "fresh" }));
    const third = await stage.claimed({ ...running.job, id: `${running.key}.third` });
    expect(await stage.apply(stepBegin(third, "charge", { onUncertain: "ask" }))).toEqual({
      is: "run",
      repeated: false,
    });
  });

  promised("dead work that is enqueued anew finds its finished steps, and none by force", async (stage) => {
    for (const force of [false, true]) {
      const running = await stage.running();
      await begun(stage, running, "charge", '"receipt"');
      await stage.expect("settled", settle(running, dead()));
      const again = { ...running.job, id: `${running.key}.again` };
      await stage.expect("created", reserve(again, { force }));
      const expected = force ? { is: "run", repeated: false } : { is: "memo", value: '"receipt"' };
      expect(await stage.apply(stepBegin(await stage.claimed(again), "charge", { onUncertain: "ask" }))).toEqual(
        expected,
      );
    }
  });

  promised("a new generation of completed work begins without steps", async (stage) => {
    const running = await stage.running();
    await begun(stage, running, "charge", '"receipt"');
    await stage.expect("settled", settle(running, completed()));
    const again = { ...running.job, id: `${running.key}.again` };
    await stage.expect("created", reserve(again, { onCompleted: "rerun" }));
    expect(await stage.apply(stepBegin(await stage.claimed(again), "charge", { onUncertain: "ask" }))).toEqual({
      is: "run",
      repeated: false,
    });
  });

  promised("a step's end from an older generation is stale", async (stage) => {
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "charge"));
    await stage.expect("settled", settle(running, dead()));
    await stage.expect("redriven", redrive(running.job, "again", { steps: "fresh" }));
    expect(await stage.apply(stepDone(running, "charge", '"old"'))).toEqual({ is: "stale" });
    const again = await stage.claimed({ ...running.job, id: `${running.key}.again` });
    expect(await stage.apply(stepBegin(again, "charge"))).toEqual({ is: "run", repeated: false });
  });

  promised("a hundred steps of one job are all remembered", async (stage) => {
    const running = await stage.running();
    const names = Array.from({ length: 100 }, (_, index) => `step-${index}`);
    await stage.store.apply(names.flatMap((name) => [stepBegin(running, name), stepDone(running, name, `"${name}"`)]));
    const next = await retried(stage, running);
    const answers = await stage.store.apply(names.map((name) => stepBegin(next, name)));
    expect(answers).toEqual(names.map((name) => ({ is: "memo", value: `"${name}"` })));
    expect(await stage.apply(claim(next.job, next.owner))).toMatchObject({ is: "acquired" });
  });
}

async function begun(stage: StoreStage, running: Running, step: string, value: string): Promise<void> {
  await stage.expect("run", stepBegin(running, step));
  await stage.expect("recorded", stepDone(running, step, value));
}

/** The attempt failed, and the next one runs. */
async function retried(stage: StoreStage, running: Running): Promise<Running> {
  await stage.expect("settled", settle(running, retrying()));
  return stage.claimed(running.job);
}

/** A worker began a step and went silent; another took over. */
async function beganAndLost(stage: StoreStage): Promise<{ stale: Running; heir: Running }> {
  const stale = await stage.running({}, { leaseMs: stage.time.shortMs });
  await stage.expect("run", stepBegin(stale, "charge", { leaseMs: stage.time.shortMs }));
  return { stale, heir: await stage.takeOver(stale) };
}
