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
  stepDecided,
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

  promised(
    "each run from scratch raises the generation by one, and a redrive that keeps steps does not",
    async (stage) => {
      let running = await stage.running();
      for (const [steps, generation] of [
        ["fresh", 1],
        ["keep", 1],
        ["fresh", 2],
      ] as const) {
        await stage.expect("settled", settle(running, dead()));
        const again = `again-${generation}-${steps}`;
        await stage.expect("redriven", redrive(running.job, again, { steps }));
        running = await stage.claimed({ ...running.job, id: `${running.key}.${again}` });
        expect(running.acquired.generation, steps).toBe(generation);
      }
    },
  );

  promised("an heir who asks is told of the uncertain step, and takes it from nobody by asking", async (stage) => {
    const { stale, heir } = await beganAndLost(stage);
    const asked = await stage.expect("uncertain", stepBegin(heir, "charge", { onUncertain: "ask" }));
    expect(asked.since).toBeLessThanOrEqual(heir.acquired.now);
    expect(await stage.apply(stepDone(heir, "charge", '"guess"')), "the heir has not begun it").toEqual({
      is: "stale",
    });
    expect(await stage.apply(stepDone(stale, "charge", '"receipt"'))).toEqual({ is: "recorded" });
    expect(await stage.apply(stepBegin(heir, "charge"))).toEqual({ is: "memo", value: '"receipt"' });
  });

  promised("what an heir found out about a step is on record, and no longer anybody else's to say", async (stage) => {
    const { stale, heir } = await beganAndLost(stage);
    await stage.expect("uncertain", stepBegin(heir, "charge", { onUncertain: "ask" }));
    expect(await stage.apply(stepBegin(heir, "charge"))).toEqual({ is: "run", repeated: true });
    await stage.expect("recorded", stepDone(heir, "charge", '"found"'));
    expect(await stage.apply(stepDone(stale, "charge", '"receipt"'))).toEqual({ is: "already", value: '"found"' });
    expect(await stage.apply(stepBegin(await retried(stage, heir), "charge", { onUncertain: "ask" }))).toEqual({
      is: "memo",
      value: '"found"',
    });
  });

  promised("an uncertain step stays so through a death and a redrive that keeps steps", async (stage) => {
    const halted = await setAside(stage);
    await stage.expect("redriven", redrive(halted.job, "again", { steps: "keep" }));
    const again = await stage.claimed({ ...halted.job, id: `${halted.key}.again` });
    await stage.expect("uncertain", stepBegin(again, "charge", { onUncertain: "ask" }));
  });

  promised("an effect that ends after its job was set aside is recorded, and a redrive finds it", async (stage) => {
    const { stale, heir } = await beganAndLost(stage);
    await stage.expect("uncertain", stepBegin(heir, "charge", { onUncertain: "ask" }));
    await stage.expect("settled", settle(heir, dead({ reason: "UNCERTAIN_EFFECT" })));
    expect(await stage.apply(stepDone(stale, "charge", '"receipt"'))).toEqual({ is: "recorded" });
    await stage.expect("redriven", redrive(heir.job, "again", { steps: "keep" }));
    const again = await stage.claimed({ ...heir.job, id: `${heir.key}.again` });
    expect(await stage.apply(stepBegin(again, "charge", { onUncertain: "ask" }))).toEqual({
      is: "memo",
      value: '"receipt"',
    });
  });

  promised(
    "of a job that was set aside, an uncertain step can be decided: it was done, or it was not",
    async (stage) => {
      for (const as of [{ is: "done", value: '"receipt"' }, { is: "undone" }] as const) {
        const halted = await setAside(stage);
        expect(await stage.apply(stepDecided(halted.job, "charge", as))).toEqual({ is: "recorded" });
        // Whoever began it has no say any more.
        const late = await stage.apply(stepDone(halted, "charge", '"late"'));
        expect(late).toEqual(as.is === "done" ? { is: "already", value: '"receipt"' } : { is: "stale" });
        await stage.expect("redriven", redrive(halted.job, "again", { steps: "keep" }));
        const again = await stage.claimed({ ...halted.job, id: `${halted.key}.again` });
        expect(await stage.apply(stepBegin(again, "charge", { onUncertain: "ask" }))).toEqual(
          as.is === "done" ? { is: "memo", value: '"receipt"' } : { is: "run", repeated: false },
        );
      }
    },
  );

  promised(
    "nothing is decided about a job that is not set aside, a step nobody began, or one on record",
    async (stage) => {
      const done = { is: "done", value: '"receipt"' } as const;
      const running = await stage.running();
      await stage.expect("run", stepBegin(running, "charge"));
      expect(await stage.apply(stepDecided(running.job, "charge", done)), "it runs").toEqual({ is: "stale" });
      expect(await stage.apply(stepDecided(stage.job(), "charge", done)), "nobody stands for it").toEqual({
        is: "stale",
      });
      await begun(stage, running, "notify", '"sent"');
      await stage.expect("settled", settle(running, dead()));
      expect(await stage.apply(stepDecided(running.job, "other", done)), "never begun").toEqual({ is: "stale" });
      expect(await stage.apply(stepDecided({ ...running.job, id: `${running.key}.other` }, "charge", done))).toEqual({
        is: "stale",
      });
      expect(await stage.apply(stepDecided(running.job, "notify", { is: "undone" })), "on record").toEqual({
        is: "already",
        value: '"sent"',
      });
    },
  );

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

/** A worker began a step, it is not known how that ended, and the job was set aside. */
async function setAside(stage: StoreStage): Promise<Running> {
  const running = await stage.running();
  await stage.expect("run", stepBegin(running, "charge"));
  await stage.expect("settled", settle(running, dead({ reason: "UNCERTAIN_EFFECT" })));
  return running;
}

/** A worker began a step and went silent; another took over. */
async function beganAndLost(stage: StoreStage): Promise<{ stale: Running; heir: Running }> {
  const stale = await stage.running({}, { leaseMs: stage.time.shortMs });
  await stage.expect("run", stepBegin(stale, "charge", { leaseMs: stage.time.shortMs }));
  return { stale, heir: await stage.takeOver(stale) };
}
