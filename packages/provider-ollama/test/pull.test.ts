import { embeddingJob, TextEmbeddingProcessor } from "@semel/ai";
import type { EmbeddingModel, ModelCall } from "@semel/core";
import { createTestKit, VirtualClock } from "@semel/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type OllamaOptions, type OllamaPullProgress, ollama } from "../src/index.ts";
import { FakeOllama, layer } from "./fake-ollama.ts";
import { ask, failureOf, nothingIsPrintedOrUnknown } from "./shared.ts";

nothingIsPrintedOrUnknown();

const second = 1_000;
const minute = 60 * second;
const GB = 1e9;
let host: FakeOllama;
let clock: VirtualClock;
beforeEach(async () => {
  host = await FakeOllama.start();
  clock = new VirtualClock();
});
afterEach(() => host[Symbol.asyncDispose]());

const provider = (options: OllamaOptions = {}) => ollama({ host: host.url, models: ["m"], clock, ...options });
const embed = (model: EmbeddingModel, call: ModelCall = {}) => model.embed({ texts: ["a"] }, call);
/** What a call is told, now. */
const told = (options: OllamaOptions = {}) => failureOf(embed(provider(options).embedding("m")));
const ended = { code: "MODEL_PREPARING", failureClass: "defer", isRetryable: true };
/** Until the end of a pull has arrived: from then on calls are told something else. */
const settled = async (message: string, options: OllamaOptions = {}) => {
  await vi.waitUntil(async () => (await told(options)).message.includes(message));
  return told(options);
};

it("twenty calls at once, of two providers and by two names of the model, are one pull; then the model answers", async () => {
  const one = provider({ models: ["m"] }).embedding("m");
  const other = provider({ models: ["m:latest"] }).text("m:latest");
  const usages = vi.fn();
  const failures = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      failureOf(n % 2 ? embed(one, { onUsage: usages }) : other.generate(ask(), { onUsage: usages })),
    ),
  );
  for (const failure of failures) expect(failure).toMatchObject({ ...ended, retryAfterMs: 5 * second });
  expect(usages).toHaveBeenCalledTimes(20);
  expect(usages).toHaveBeenCalledWith({ certainty: "actual", inputTokens: 0, outputTokens: 0 });
  const pull = await host.pull();
  expect(pull.request).toMatchObject({ body: { name: expect.stringMatching(/^m(:latest)?$/), stream: true } });
  pull.succeed();
  await pull.request.left;
  expect((await embed(one)).vectors).toHaveLength(1);
  expect(host.count("/api/pull")).toBe(1);
});

it("jobs come back when the pull will be done, by its speed so far", async () => {
  const steps = vi.fn<(progress: OllamaPullProgress) => void>();
  const options = { pull: { onProgress: steps } };
  await told(options);
  const pull = await host.pull();
  const say = async (...lines: object[]) => {
    const before = steps.mock.calls.length;
    pull.say(...lines);
    await vi.waitUntil(() => steps.mock.calls.length === before + lines.length);
  };
  // An earlier pull had left 1 GB: that is no speed.
  await say({ status: "pulling manifest" }, layer("a", GB, 4 * GB));
  expect(await told(options)).toMatchObject({ retryAfterMs: 5 * second });
  await clock.advance(10 * second);
  await say(layer("a", 2 * GB, 4 * GB));
  expect(await told(options)).toMatchObject({
    retryAfterMs: 20 * second,
    message: expect.stringContaining("2.0 GB of 4.0 GB"),
  });
  // A second layer adds to what is left: 3.9 GB at 100 MB/s, and nobody waits for more than a minute, nor for less than 2 s.
  await say(layer("b", 0, 2 * GB - 1e8));
  expect(await told(options)).toMatchObject({ retryAfterMs: 39 * second });
  await say(layer("b", 0, 9 * GB));
  expect(await told(options)).toMatchObject({ retryAfterMs: 60 * second });
  await say(layer("a", 4 * GB, 4 * GB), layer("b", 9 * GB, 9 * GB));
  expect(await told(options)).toMatchObject({ retryAfterMs: 2 * second });
  expect(steps.mock.lastCall).toEqual([
    {
      model: "m",
      host: new URL(host.url).host,
      status: "pulling b",
      completedBytes: 13 * GB,
      totalBytes: 13 * GB,
    },
  ]);
});

it("whoever listens is told, and changes nothing by throwing", async () => {
  const throws = vi.fn(() => {
    throw new Error("a listener of the user's");
  });
  const listens = vi.fn();
  await told({ pull: { onProgress: throws } });
  await told({ pull: { onProgress: listens } });
  const pull = await host.pull();
  pull.say({ status: "pulling manifest" }, { status: "pulling manifest" }, layer("a", 1, 2), layer("a", 1, 2));
  pull.succeed();
  await settledEmbed();
  for (const listener of [throws, listens]) expect(listener).toHaveBeenCalledTimes(3);
});

const settledEmbed = async () => {
  const model = provider().embedding("m");
  await vi.waitUntil(async () => (await embed(model).catch(() => undefined)) !== undefined);
};

describe("a pull ends by its own limits", () => {
  it("of time", async () => {
    const options = { pull: { timeout: "10m", idleTimeout: "1h" } } as const;
    await told(options);
    const pull = await host.pull();
    await clock.advance(10 * minute);
    await pull.request.left;
    expect(await settled("the last pull failed", options)).toMatchObject({
      ...ended,
      message: expect.stringContaining("no whole answer within 600000 ms"),
    });
  });

  it("of patience: to say the same again is no progress", async () => {
    const steps = vi.fn();
    const options = { pull: { idleTimeout: "1m", onProgress: steps } } as const;
    await told(options);
    const pull = await host.pull();
    pull.say(layer("a", 1, 10));
    await vi.waitUntil(() => steps.mock.calls.length === 1);
    await clock.advance(40 * second);
    pull.say(layer("a", 1, 10), layer("a", 2, 10));
    await vi.waitUntil(() => steps.mock.calls.length === 2);
    await clock.advance(40 * second);
    pull.say(layer("a", 2, 10), layer("a", 2, 10));
    await clock.advance(20 * second);
    await pull.request.left;
    expect(await settled("the last pull failed", options)).toMatchObject({
      message: expect.stringContaining("no progress for 60000 ms"),
      cause: { code: "MODEL_TIMEOUT" },
    });
    expect(steps).toHaveBeenCalledTimes(2);
  });

  it("of size: as soon as the layers show it, and for ten minutes; who allows more pulls at once", async () => {
    const options = { pull: { maxBytes: 3 * GB } };
    await told(options);
    const pull = await host.pull();
    pull.say(layer("a", 0, 2 * GB), layer("b", 0, 1.5 * GB));
    await pull.request.left;
    const error = await settled("cannot be pulled", options);
    expect(error).toMatchObject({
      code: "MODEL_UNKNOWN",
      failureClass: "fail",
      usage: { inputTokens: 0 },
      message: expect.stringMatching(/it has 3\.5 GB, and pull\.maxBytes allows 3\.0 GB/),
    });
    expect(host.count("/api/pull")).toBe(1);
    expect(await told({ pull: { maxBytes: 4 * GB } })).toMatchObject(ended);
    expect((await host.pull(1)).model).toBe("m");
  });
});

describe("a pull that fails", () => {
  it("because the registry has no such model is remembered for ten minutes, and then tried again", async () => {
    await told();
    (await host.pull()).fail("pull model manifest: file does not exist");
    expect(await settled("cannot be pulled")).toMatchObject({
      code: "MODEL_UNKNOWN",
      failureClass: "fail",
      isRetryable: false,
      message: expect.stringContaining("file does not exist"),
    });
    await clock.advance(10 * minute - second);
    expect(await told()).toMatchObject({ code: "MODEL_UNKNOWN" });
    expect(host.count("/api/pull")).toBe(1);
    await clock.advance(second);
    expect(await told()).toMatchObject(ended);
    (await host.pull(1)).succeed();
    await settledEmbed();
  });

  it("because Ollama is too old for the model is final, too", async () => {
    await told();
    (await host.pull()).fail("pull model manifest: 412: this model requires a newer version of Ollama");
    expect(await settled("cannot be pulled")).toMatchObject({ code: "MODEL_UNKNOWN", failureClass: "fail" });
  });

  it.each([
    ["the disk", (pull) => pull.fail("write /models/blobs/a: no space left on device")],
    ["the connection", (pull) => pull.response.socket?.resetAndDestroy()],
    ["an end before its time", (pull) => pull.response.end()],
    ["a line that is none", (pull) => pull.response.end("canary-of-a-broken-line\n")],
  ] as [string, (pull: Awaited<ReturnType<FakeOllama["pull"]>>) => void][])(
    "because of %s defers, rests longer each time, and is tried again",
    async (_, breaks) => {
      for (const [index, rest] of [5, 10, 20].map((seconds, index) => [index, seconds * second] as const)) {
        expect(await told()).toMatchObject(ended);
        breaks(await host.pull(index));
        const error = await settled("the last pull failed");
        expect(error).toMatchObject({ ...ended, retryAfterMs: rest });
        await clock.advance(rest - second);
        expect(await told()).toMatchObject({ retryAfterMs: 2 * second });
        expect(host.count("/api/pull")).toBe(index + 1);
        await clock.advance(second);
      }
      await told();
      (await host.pull(3)).succeed();
      await settledEmbed();
    },
  );

  it("because of answers that are none, four times in a row, burns attempts: jobs do not wait for it for ever", async () => {
    for (const [index, rest] of [5, 10, 20, 40].entries()) {
      await told();
      (await host.pull(index)).response.end("<html>welcome</html>\n");
      expect(await settled("the last pull failed")).toMatchObject({
        ...(index < 3 ? ended : { code: "MODEL_ANSWER_INVALID", failureClass: "retry", isRetryable: true }),
        retryAfterMs: rest * second,
      });
      await clock.advance(rest * second);
    }
    await told();
    (await host.pull(4)).succeed();
    await settledEmbed();
  });

  it("is a first one again after half an hour of peace", async () => {
    for (const rest of [5, 10]) {
      await told();
      (await host.pull(host.pulls.length)).fail("no space left on device");
      expect(await settled("the last pull failed")).toMatchObject({ retryAfterMs: rest * second });
      await clock.advance(rest * second);
    }
    await clock.advance(31 * minute);
    await told();
    (await host.pull(2)).fail("no space left on device");
    expect(await settled("the last pull failed")).toMatchObject({ retryAfterMs: 5 * second });
  });

  it("by saying that it worked, where the model is missing all the same, is not asked for ever", async () => {
    await told();
    const first = await host.pull();
    first.say({ status: "success" });
    first.response.end();
    expect(await settled("pulled just now")).toMatchObject({ ...ended, retryAfterMs: 5 * second });
    expect(host.count("/api/pull")).toBe(1);
    await clock.advance(5 * second);
    await told();
    const second_ = await host.pull(1);
    second_.say({ status: "success" });
    second_.response.end();
    expect(await settled("pulled just now")).toMatchObject({ retryAfterMs: 10 * second });
  });
});

it("a job that is ended does not end the pull that others wait for", async () => {
  const model = provider().embedding("m");
  const over = new AbortController();
  const call = embed(model, { signal: over.signal });
  expect(await failureOf(call)).toMatchObject(ended);
  const pull = await host.pull();
  over.abort(new Error("no longer wanted"));
  pull.succeed();
  await settledEmbed();
  expect(host.count("/api/pull")).toBe(1);
});

describe("nothing is pulled", () => {
  it.each([
    ["where there is no list", { models: undefined }, "name it in models"],
    ["where pull is false", { pull: false }, "pull is false"],
  ] as const)("%s", async (_, options, message) => {
    const error = await told(options);
    expect(error).toMatchObject({ code: "MODEL_UNKNOWN", failureClass: "fail" });
    expect(error.message).toContain(message);
    expect(error.message).toContain("ollama pull m");
    expect(host.count("/api/pull")).toBe(0);
  });

  it("for a path that the server does not have", async () => {
    host.server.replyWith(
      (response) => void response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found"),
    );
    expect(await told()).toMatchObject({ code: "MODEL_UNKNOWN", status: 404 });
    expect(host.count("/api/pull")).toBe(0);
  });
});

describe("a provider that is closed", () => {
  it("ends the pull that nobody else wants, and starts none", async () => {
    const one = provider();
    await failureOf(embed(one.embedding("m")));
    const pull = await host.pull();
    await one[Symbol.asyncDispose]();
    await pull.request.left;
    await clock.advance(minute);
    expect(await failureOf(embed(one.embedding("m")))).toMatchObject({
      ...{ ...ended, retryAfterMs: 5 * second },
      message: expect.stringContaining("this provider is closed"),
    });
    expect(host.count("/api/pull")).toBe(1);
  });

  it("leaves a pull alone that another one wants", async () => {
    const one = provider();
    const steps = vi.fn();
    await failureOf(embed(one.embedding("m")));
    await told({ pull: { onProgress: steps } });
    const pull = await host.pull();
    one.close();
    await clock.advance(0);
    pull.say({ status: "pulling manifest" });
    await vi.waitUntil(() => steps.mock.calls.length === 1);
    pull.succeed();
    await settledEmbed();
    expect(host.count("/api/pull")).toBe(1);
  });
});

it("a job whose model is missing is deferred, burns no attempt, and completes after the pull", async () => {
  const job = embeddingJob({ type: "embed" });
  const model = provider().embedding("m");
  await using kit = createTestKit({ processors: [new TextEmbeddingProcessor(job, model)] });
  const { result } = await kit.semel.enqueue(job, { id: "1", text: "Arma virumque cano" });
  await kit.waitForEvent("attempt.deferred");
  const pull = await host.pull();
  pull.succeed();
  await pull.request.left;
  await kit.advance("10s");
  await kit.waitForEvent("attempt.completed", ({ attempt }) => attempt === 1);
  expect((await result()).vector).toHaveLength(2);
});
