import { describe, expect, it } from "vitest";
import { scripted } from "../../src/scripted/index.ts";

const ask = { messages: [{ role: "user", text: "Hello there, Ada" }] } as const;
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const refused = (message: string) =>
  expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining(message) });

/** What refers to itself. */
const ring: Record<string, unknown> = {};
ring.self = ring;

describe("what would look like a failure of the provider, or like nothing, is refused where it is written", () => {
  it.each<[string, unknown, string]>([
    ["a date, which has no members", new Date(0), "scripted.next: step 1: expected a plain object"],
    ["a map", new Map([["fault", "500"]]), "expected a plain object"],
    ["a fault that is null lists those there are", { fault: null }, "429-seconds, "],
    ["a text that is null", { text: null }, "step 1.text"],
    ["an empty text", { text: "" }, '"empty-answer"'],
    ["a text and data", { text: "x", data: 1 }, "no data beside it"],
    ["data with a function in it", { data: { a: () => 1 } }, "what JSON can say"],
    ["data with a bigint in it", { data: [1n] }, "what JSON can say"],
    ["data with what is no number", { data: { a: Number.NaN } }, "what JSON can say"],
    ["data that is a map", { data: new Map() }, "what JSON can say"],
    ["data that is in itself", { data: ring }, "what JSON can say"],
    ["a vector with what is no number", { vectors: [[1, Number.NaN]] }, '"not-a-number"'],
    ["a vector of zeros", { vectors: [[0, 0]] }, '"all-zeros"'],
    ["what is no picture", { images: [Uint8Array.of(1, 2, 3)] }, '"not-a-picture"'],
    ["a misspelt member of usage", { usage: { inputTokens: 1, outputToken: 1 } }, "step 1.usage"],
    ["a usage that is null", { usage: null }, "step 1.usage"],
    ["half a token", { usage: { inputTokens: 0.5 } }, "step 1.usage"],
  ])("%s", (_, step, message) => {
    const provider = scripted();
    expect(() => provider.next(step as never)).toThrow(refused(message));
    expect(provider.left).toBe(0);
  });

  it("what is right is not", () => {
    const provider = scripted();
    const data = { at: new Date(0), none: null, unsaid: undefined, all: [1, "a", true, { b: {} }] };
    provider.next(
      {},
      { data },
      { text: " " },
      { images: [png] },
      Object.assign(Object.create(null), { fault: "500" }),
      { fault: "429", retryAfter: "0ms", usage: { inputTokens: 0 } },
    );
    expect(provider.left).toBe(6);
  });

  it("what becomes of a step after it was written changes nothing", async () => {
    const step = { text: "first" };
    const provider = scripted();
    provider.next(step);
    step.text = "";
    expect(await provider.text().generate(ask)).toMatchObject({ text: "first" });
  });
});

describe("what does not fit the request is told as the script's", () => {
  it("pictures that are not as many as were asked for", async () => {
    const provider = scripted();
    provider.next({ images: [png] }, { images: [png, png] });
    const draw = () => provider.image().generate({ prompt: "A lake", count: 2 });
    await expect(draw()).rejects.toEqual(refused("the script's images: expected 2 of them"));
    expect((await draw()).images).toHaveLength(2);
  });

  it("a fault of streams, to a text; nothing of it is retried, and the request is on record", async () => {
    const provider = scripted();
    provider.next({ fault: "stream-reset" });
    await expect(provider.text().generate(ask)).rejects.toMatchObject({ code: "OPTION_INVALID", isRetryable: false });
    expect(provider.requests).toMatchObject([{ fault: "stream-reset", isAnswered: false }]);
  });
});

describe("options are refused by scripted() itself, and in its name", () => {
  it.each<[string, object]>([
    ["scripted.name", { name: " " }],
    ["scripted.name", { name: null }],
    ["scripted.script", { script: null }],
    ["scripted.latency", { latency: null }],
    ["scripted.timeout", { name: "mine", timeout: "soon" }],
    ["scripted.timeout", { timeout: 5 }],
    ["scripted.idleTimeout", { idleTimeout: "-1s" }],
    ["scripted.clock", { clock: null }],
    ["scripted.clock", { clock: { now: Date.now } }],
  ])("%s of %j", (option, options) => {
    expect(() => scripted(options as never)).toThrow(refused(`${option}: expected`));
  });

  it.each<[string, (provider: ReturnType<typeof scripted>) => unknown]>([
    ["scripted.embedding.model", (provider) => provider.embedding("")],
    ["scripted.text.model", (provider) => provider.text(5 as never)],
    ["scripted.image.model", (provider) => provider.image(null as never)],
    ["scripted.embedding.limits", (provider) => provider.embedding("e", { limits: null as never })],
    ["scripted.embedding.limits.maxItem", (provider) => provider.embedding("e", { limits: { maxItem: 1 } as never })],
    [
      "scripted.embedding.limits.maxTokens",
      (provider) => provider.embedding("e", { limits: { maxItems: 1 } as never }),
    ],
  ])("%s", (option, make) => {
    expect(() => make(scripted())).toThrow(refused(`${option}: expected`));
  });
});
