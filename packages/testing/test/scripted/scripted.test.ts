import { unclassifiedFailures } from "@semel/ai/provider";
import { defineJob, processor, type TextModel, type Usage } from "@semel/core";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit } from "../../src/index.ts";
import { describeModels, type ModelFault, modelFaults } from "../../src/models/index.ts";
import {
  type AnswerFault,
  answerFaults,
  type ScriptedFault,
  type ScriptedProvider,
  scripted,
} from "../../src/scripted/index.ts";
import { VirtualClock } from "../../src/virtual-clock.ts";

// Every fault of the tables has its line in the kit's.
afterAll(() => expect(unclassifiedFailures()).toBe(0));

describeModels({
  name: "scripted",
  create: ({ clock, dimensions }) => {
    const provider = scripted({ clock });
    return {
      embedding: provider.embedding("of-test", { dimensions }),
      text: provider.text("of-test"),
      image: provider.image("of-test"),
    };
  },
});

const ask = { messages: [{ role: "user", text: "Hello there, Ada" }] } as const;

/** Asks in a way, and waits as long as any deadline may take. */
async function outcome(provider: ScriptedProvider, clock: VirtualClock, kind: string): Promise<unknown> {
  const read = async (model: TextModel): Promise<unknown> => {
    let last: unknown;
    for await (const part of model.stream(ask)) last = part;
    return last;
  };
  const asked =
    kind === "embedding"
      ? provider.embedding().embed({ texts: ["a", "b"] })
      : kind === "image"
        ? provider.image().generate({ prompt: "A lake" })
        : kind === "stream"
          ? read(provider.text())
          : provider.text().generate(ask);
  const settled = asked.catch((error: unknown) => error);
  await clock.advance(200_000);
  return settled;
}

describe("every line of the table of failures", () => {
  for (const [name, fault] of Object.entries<ModelFault>(modelFaults))
    it.each(["embedding", "text", "stream", "image"])(`${name} is ${fault.code} for the kind %s`, async (kind) => {
      const clock = new VirtualClock();
      const provider = scripted({ clock });
      provider.next({ fault: name as ScriptedFault });
      const { code, failureClass, maxAttempts, retryAfterMs } = fault;
      expect(await outcome(provider, clock, kind)).toMatchObject({
        code,
        failureClass,
        ...(maxAttempts !== undefined && { maxAttempts }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
      expect(provider.requests).toMatchObject([{ fault: name, isAnswered: false }]);
      // The next one is answered again.
      expect(await outcome(provider, clock, kind)).toMatchObject({ isMock: true });
    });
});

describe("every answer that is none", () => {
  for (const [name, fault] of Object.entries<AnswerFault>(answerFaults))
    it(`${name} is ${fault.code}`, async () => {
      const clock = new VirtualClock();
      const provider = scripted({ clock });
      provider.next({ fault: name as ScriptedFault });
      const { code, failureClass } = fault;
      expect(await outcome(provider, clock, fault.of)).toMatchObject({ code, failureClass });
      expect(provider.requests).toMatchObject([{ isAnswered: false }]);
    });

  it("is said to be out of place where it is played to another kind", async () => {
    const clock = new VirtualClock();
    const provider = scripted({ clock });
    provider.next({ fault: "too-few-vectors" });
    expect(await outcome(provider, clock, "text")).toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining('"too-few-vectors" is of embedding'),
    });
  });
});

describe("a script", () => {
  it("says what is answered", async () => {
    const provider = scripted();
    provider.next({ text: "Good day" }, { data: { name: "Ada" } }, { vectors: [[1, 2]] });
    const model = provider.text();
    expect(await model.generate(ask)).toMatchObject({ text: "Good day", usage: { certainty: "actual" } });
    expect(await model.object({ ...ask, schema: z.object({ name: z.string() }) })).toMatchObject({
      object: { name: "Ada" },
    });
    const { vectors } = await provider.embedding("e", { dimensions: 2 }).embed({ texts: ["a"] });
    expect(vectors).toEqual([Float32Array.of(1, 2)]);
    expect(provider.left).toBe(0);
  });

  it("decides by the request, where no step is left", async () => {
    const provider = scripted({
      script: ({ prompt }) => (prompt.includes("Ada") ? { fault: "500" } : { text: "fine" }),
    });
    const model = provider.text();
    provider.next({ text: "first" });
    expect(await model.generate(ask)).toMatchObject({ text: "first" });
    await expect(model.generate(ask)).rejects.toMatchObject({ code: "MODEL_FAILED" });
    expect(await model.generate({ messages: [{ role: "user", text: "Bob" }] })).toMatchObject({ text: "fine" });
  });

  it("makes up the same for the same request, and tells requests apart", async () => {
    const [one, other] = [scripted().text(), scripted().text()];
    const { text } = await one.generate(ask);
    expect(await other.generate(ask)).toMatchObject({ text });
    expect(await other.generate({ messages: [{ role: "user", text: "Bob" }] })).not.toMatchObject({ text });
  });

  it("takes its time, on the clock it was given", async () => {
    const clock = new VirtualClock();
    const provider = scripted({ clock, latency: "40ms" });
    const done: number[] = [];
    const told = (): void => void done.push(clock.monotonic());
    provider.next({}, { latency: "2s" });
    const all = [provider.text().generate(ask).then(told), provider.text().generate(ask).then(told)];
    await clock.advance(3_000);
    await Promise.all(all);
    expect(done).toEqual([40, 2_000]);
  });

  it("says what it costs, or does not", async () => {
    const provider = scripted();
    const told: Usage[] = [];
    const onUsage = (usage: Usage): void => void told.push(usage);
    provider.next({ usage: { inputTokens: 100, outputTokens: 20 } }, { usage: "unsaid" });
    await provider.text().generate(ask, { onUsage });
    await provider.text().generate(ask, { onUsage });
    expect(told).toMatchObject([
      { certainty: "actual", inputTokens: 100, outputTokens: 20 },
      { certainty: "estimated" },
    ]);
    expect(provider.requests.map(({ usage }) => usage)).toEqual([{ inputTokens: 100, outputTokens: 20 }, undefined]);
  });

  it("keeps what was asked, with the key of the call", async () => {
    const provider = scripted();
    await provider.text("of-test").generate(ask, { key: "the-key" });
    expect(provider.requests).toMatchObject([
      { number: 1, kind: "text", model: "of-test", prompt: "Hello there, Ada", key: "the-key", isAnswered: true },
    ]);
  });

  it("asks to be left alone as long as it says", async () => {
    const provider = scripted();
    provider.next({ fault: "429", retryAfter: "90s" });
    await expect(provider.text().generate(ask)).rejects.toMatchObject({ retryAfterMs: 90_000, failureClass: "defer" });
  });

  it("refuses options that it does not know, and vectors of no length", () => {
    expect(() => scripted({ clocks: 1 } as never)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(() => scripted().embedding("e", { dimensions: 0 })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});

describe("a mistake in a script", () => {
  it.each<[string, unknown]>([
    ["no object", null],
    ["a list", []],
    ["a text", "429"],
    ["a member that is none", { falt: "429" }],
    ["a fault that is none", { fault: "429-second" }],
    ["a fault that every object has", { fault: "constructor" }],
    ["an empty fault", { fault: "" }],
    ["a latency that is no time", { latency: "soon" }],
    ["a latency below zero", { latency: -1 }],
    ["a wish to be left alone, without a fault", { retryAfter: "1s" }],
    ["a wish to be left alone of a page", { fault: "page", retryAfter: "1s" }],
    ["a text that is none", { text: 5 }],
    ["data that JSON cannot say", { data: 5n }],
    ["data that is a function", { data: () => 1 }],
    ["vectors that are none", { vectors: 5 }],
    ["vectors of texts", { vectors: [["1"]] }],
    ["images that are no bytes", { images: ["png"] }],
    ["tokens that are no numbers", { usage: { inputTokens: "x" } }],
    ["tokens below zero", { usage: { inputTokens: -1 } }],
    ["a usage that is none", { usage: "said" }],
  ])("is refused where it is written: %s", async (_, step) => {
    const refused = expect.objectContaining({ code: "OPTION_INVALID" });
    const provider = scripted({ script: () => step as never });
    expect(() => provider.next({}, step as never)).toThrow(refused);
    expect(provider.left).toBe(0);
    // And where a script answers it.
    await expect(provider.text().generate(ask)).rejects.toEqual(refused);
  });

  it("is no failure of the provider: what a script throws comes out as it is, also from a stream", async () => {
    const own = new Error("expected 1, got 2");
    const provider = scripted({
      script: () => {
        throw own;
      },
    });
    await expect(provider.text().generate(ask)).rejects.toBe(own);
    await expect(provider.text().stream(ask)[Symbol.asyncIterator]().next()).rejects.toBe(own);
    expect(provider.requests).toHaveLength(2);
  });

  it("a script that answers later is refused, and leaves no rejection behind", async () => {
    const provider = scripted({ script: (async () => Promise.reject(new Error("late"))) as never });
    await expect(provider.text().generate(ask)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("not a promise"),
    });
  });

  it("what is of another kind, or of another length, is said to be the script's", async () => {
    const provider = scripted();
    provider.next({ vectors: [[1]] }, { text: "x" }, { vectors: [[1, 2]] }, { vectors: [[1]] });
    const refused = (message: string) => ({ code: "OPTION_INVALID", message: expect.stringContaining(message) });
    await expect(provider.text().generate(ask)).rejects.toMatchObject(refused("the script's vectors"));
    await expect(provider.image().generate({ prompt: "A lake" })).rejects.toMatchObject(refused("the script's text"));
    const embed = (texts: string[]) => provider.embedding("e", { dimensions: 1 }).embed({ texts });
    await expect(embed(["a"])).rejects.toMatchObject(refused("dimensions: 2"));
    await expect(embed(["a", "b"])).rejects.toMatchObject(refused("one for each text"));
  });

  it.each<[string, () => unknown]>([
    ["a name that is none", () => scripted({ name: "" })],
    ["a script that is none", () => scripted({ script: 5 as never })],
    ["a time that is none", () => scripted({ timeout: "soon" as never }).text()],
    ["a clock that is none", () => scripted({ clock: 5 as never }).text()],
    ["a model without a name", () => scripted().text("")],
    ["options that are none", () => scripted().embedding("e", null as never)],
    ["an option that is none", () => scripted().embedding("e", { dimension: 3 } as never)],
    ["limits that are not whole", () => scripted().embedding("e", { limits: {} as never })],
    ["more dimensions than memory has", () => scripted().embedding("e", { dimensions: 1e9 })],
  ])("%s is refused before anything is asked", (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("the provider's books", () => {
  it("an answer that is of no use is charged, a refusal is not", async () => {
    const provider = scripted();
    provider.next({ fault: "no-finish" }, { fault: "429" }, {});
    for (let times = 0; times < 3; times++)
      await provider
        .text()
        .generate(ask)
        .catch(() => {});
    expect(provider.requests.map(({ isAnswered, isCharged }) => [isAnswered, isCharged])).toEqual([
      [false, true],
      [false, false],
      [true, true],
    ]);
  });
});

describe("in a job", () => {
  it("a rate limit defers without an attempt, a failure burns one, and the answer is paid once", async () => {
    const job = defineJob({
      type: "sum-up",
      payload: z.object({ id: z.string() }),
      result: z.string(),
      correlation: ["id"],
    });
    const provider = scripted();
    provider.next({ fault: "429-seconds" }, { fault: "500" }, { text: "In short" });
    const model = provider.text();
    const sumUp = processor(job, ({ once }) =>
      once("ask", async ({ key, signal }) => (await model.generate(ask, { key, signal })).text),
    );
    const kit = createTestKit({ processors: [sumUp] });
    const { id } = await kit.semel.enqueue(job, { id: "1" });
    await kit.drain();
    await kit.advance("1h");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 2, result: "In short" });
    expect(provider.requests.map(({ isAnswered }) => isAnswered)).toEqual([false, false, true]);
    expect(new Set(provider.requests.map(({ key }) => key)).size).toBe(1);
    await kit.close();
  });
});
