import { defineJob, processor } from "@semel/core";
import { createTestKit } from "@semel/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { hybrid } from "../../src/routing/hybrid.ts";
import type { Decision } from "../../src/routing/route.ts";
import { ScriptedEmbedding } from "../scripted-embedding.ts";

function setUp(options: Parameters<typeof hybrid>[1] = {}) {
  const local = new ScriptedEmbedding({ provider: "local", space: "space/2" });
  const remote = new ScriptedEmbedding({ provider: "remote", space: "space/2" });
  const decisions: Decision[] = [];
  const model = hybrid([local, remote] as const, { onDecision: (decision) => decisions.push(decision), ...options });
  return { local, remote, decisions, model };
}

const who = (call: Promise<{ provider: string }>): Promise<string> =>
  call.then(
    (answer) => answer.provider,
    (error) => error.code,
  );

describe("hybrid", () => {
  it.each([
    ["MODEL_UNREACHABLE", undefined, "remote"],
    ["MODEL_BREAKER_OPEN", 5_000, "remote"],
    ["MODEL_QUOTA_SPENT", undefined, "remote"],
    ["MODEL_UNSUPPORTED", undefined, "remote"],
    ["MODEL_RATE_LIMITED", 10_000, "MODEL_RATE_LIMITED"],
    ["MODEL_RATE_LIMITED", 10_001, "remote"],
    ["MODEL_BUSY", undefined, "MODEL_BUSY"],
    ["MODEL_REQUEST_REFUSED", undefined, "MODEL_REQUEST_REFUSED"],
    ["MODEL_CONTENT_BLOCKED", undefined, "MODEL_CONTENT_BLOCKED"],
    ["MODEL_INPUT_TOO_LONG", undefined, "MODEL_INPUT_TOO_LONG"],
    ["MODEL_CREDENTIAL_REFUSED", undefined, "MODEL_CREDENTIAL_REFUSED"],
    ["MODEL_FAILED", undefined, "MODEL_FAILED"],
    ["MODEL_TIMEOUT", undefined, "MODEL_TIMEOUT"],
  ] as const)("when the first says %s, after %s ms: %s", async (code, retryAfterMs, expected) => {
    const { local, model } = setUp();
    local.before = () => local.fail(code, retryAfterMs === undefined ? {} : { retryAfterMs });
    expect(await who(model.embed({ texts: ["text"] }))).toBe(expected);
  });

  it("goes to the first that can do it, and says so", async () => {
    const { local, model, decisions } = setUp();
    expect(await who(model.embed({ texts: ["text"] }))).toBe("local");
    local.limits = { ...local.limits, maxItems: 1 };
    expect(await who(model.embed({ texts: ["text", "more"] }))).toBe("remote");
    expect(decisions.map(({ place, because }) => [place, because])).toEqual([
      [0, "preferred"],
      [1, "preferred"],
    ]);
  });

  it("refuses vector spaces that differ unless it is told how they are", async () => {
    const [one, two] = [new ScriptedEmbedding({ provider: "one" }), new ScriptedEmbedding({ provider: "two" })];
    expect(() => hybrid([one, two])).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    one.before = () => one.fail("MODEL_UNREACHABLE");
    const separate = hybrid([one, two], { spaces: "separate" });
    expect((await separate.embed({ texts: ["text"] })).space).toBe(two.space);
    expect(separate.space).not.toBe(two.space);
    const same = hybrid([one, two], { spaces: "same" });
    expect((await same.embed({ texts: ["text"] })).space).toBe(one.space);
  });

  it("stays with a fallback on every later attempt of the job, though the first is back", async () => {
    const { local, remote, model } = setUp();
    const job = defineJob({
      type: "embed",
      payload: z.object({ n: z.number() }),
      result: z.string(),
      correlation: ["n"],
    });
    const embed = processor(job, async (context) => {
      const { provider } = await model.for(context).embed({ texts: ["text"] });
      return provider;
    });
    await using kit = createTestKit({ processors: [embed] });
    local.before = () => local.fail("MODEL_UNREACHABLE");
    remote.before = () => {
      if (remote.asked.length === 1) remote.fail("MODEL_RATE_LIMITED", { retryAfterMs: 1_000 });
    };
    const handle = await kit.semel.enqueue(job, { n: 1 });
    expect(await kit.drain()).toMatchObject({ deferred: 1 });
    local.before = () => {};
    expect(await kit.advance("10s")).toMatchObject({ completed: 1 });
    expect([await handle.result(), local.asked.length, remote.asked.length]).toEqual(["remote", 1, 2]);
  });
});
