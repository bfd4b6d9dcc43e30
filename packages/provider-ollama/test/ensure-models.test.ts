import { VirtualClock } from "@semel/testing";
import { hang, raw, status } from "@semel/testing/models";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type OllamaOptions, ollama } from "../src/index.ts";
import { FakeOllama, layer } from "./fake-ollama.ts";
import { failureOf, nothingIsPrintedOrUnknown } from "./shared.ts";

nothingIsPrintedOrUnknown();

let host: FakeOllama;
let clock: VirtualClock;
beforeEach(async () => {
  host = await FakeOllama.start("there:latest", "tagged:1b");
  clock = new VirtualClock();
});
afterEach(() => host[Symbol.asyncDispose]());

const provider = (models: readonly string[], options: OllamaOptions = {}) =>
  ollama({ host: host.url, models, clock, ...options });

it("models that are there are not pulled, by whichever name", async () => {
  await provider(["there", "tagged:1b", "registry.ollama.ai/library/there"]).ensureModels();
  expect(host.server.requests.map(({ path }) => path)).toEqual(["/api/tags"]);
});

it("what is missing is pulled, one after the other, and then all are there", async () => {
  const ensured = provider(["one", "there", "two:8b"]).ensureModels();
  const first = await host.pull();
  expect(first.model).toBe("one");
  expect(host.pulls).toHaveLength(1);
  first.succeed();
  const next = await host.pull(1);
  expect(next.model).toBe("two:8b");
  next.succeed();
  await ensured;
  await provider(["one", "two:8b"]).ensureModels();
  expect(host.count("/api/pull")).toBe(2);
});

it("it joins a pull that a job has begun", async () => {
  const one = provider(["one"]);
  await failureOf(one.embedding("one").embed({ texts: ["a"] }));
  const ensured = one.ensureModels();
  const pull = await host.pull();
  await vi.waitUntil(() => host.count("/api/tags") === 1);
  pull.succeed();
  await ensured;
  expect(host.count("/api/pull")).toBe(1);
});

it("it names every model that could not be had, and why", async () => {
  const models = ["absent", "broken", "large"];
  const failed = failureOf(provider(models, { pull: { maxBytes: 1e9 } }).ensureModels());
  (await host.pull(0)).fail("pull model manifest: file does not exist");
  (await host.pull(1)).fail("no space left on device");
  (await host.pull(2)).say(layer("a", 0, 2e9));
  const error = await failed;
  expect(error).toMatchObject({
    code: "MODEL_UNKNOWN",
    failureClass: "fail",
    details: {
      models: [
        { model: "absent", code: "MODEL_UNKNOWN", reason: "pull model manifest: file does not exist" },
        { model: "broken", code: "MODEL_FAILED", reason: "no space left on device" },
        { model: "large", code: "MODEL_UNKNOWN", reason: "it has 2.0 GB, and pull.maxBytes allows 1.0 GB" },
      ],
    },
  });
  for (const model of models) expect(error.message).toContain(`${model}: `);
});

it("what another try may mend says so, and another try does not wait", async () => {
  const one = provider(["one"]);
  const failed = failureOf(one.ensureModels());
  (await host.pull()).fail("no space left on device");
  expect(await failed).toMatchObject({ code: "MODEL_PREPARING", failureClass: "defer", isRetryable: true });
  const again = one.ensureModels();
  (await host.pull(1)).succeed();
  await again;
});

it("to end the waiting ends no pull", async () => {
  const over = new AbortController();
  const reason = new Error("no longer wanted");
  const ensured = provider(["one"]).ensureModels({ signal: over.signal });
  const ended = expect(ensured).rejects.toBe(reason);
  const pull = await host.pull();
  over.abort(reason);
  await ended;
  pull.succeed();
  await provider(["one"]).ensureModels();
  expect(host.count("/api/pull")).toBe(1);
});

it("it waits as long as it was told, and the pull goes on", async () => {
  const failed = failureOf(provider(["one"]).ensureModels({ timeout: "1m" }));
  const pull = await host.pull();
  await clock.advance(60_000);
  expect(await failed).toMatchObject({ code: "MODEL_TIMEOUT", model: "one", isRetryable: true });
  pull.succeed();
  await provider(["one"]).ensureModels();
  expect(host.count("/api/pull")).toBe(1);
});

it("a list that cannot be had fails as any call does", async () => {
  host.server.replyWith(status(503, { error: "no" }));
  expect(await failureOf(provider(["one"]).ensureModels())).toMatchObject({ code: "MODEL_BUSY" });
  host.server.replyWith(hang);
  const { arrival } = host.server;
  const failed = failureOf(provider(["one"], { timeout: "10s" }).ensureModels());
  const request = await arrival;
  await clock.advance(10_000);
  expect(await failed).toMatchObject({ code: "MODEL_TIMEOUT" });
  await request.left;
  const reason = new Error("no longer wanted");
  const over = new AbortController();
  const { arrival: next } = host.server;
  const ended = expect(provider(["one"]).ensureModels({ signal: over.signal })).rejects.toBe(reason);
  await next;
  over.abort(reason);
  await ended;
  const gone = provider(["one"]);
  await host[Symbol.asyncDispose]();
  expect(await failureOf(gone.ensureModels())).toMatchObject({ code: "MODEL_UNREACHABLE" });
  host = await FakeOllama.start();
});

it.each([
  ["another object", status(200, { hello: 1 })],
  ["a list that is none", status(200, { models: 5 })],
  ["a list of what are no models", status(200, { models: [5] })],
  ["a list", status(200, [])],
  ["a page", raw("<html>welcome</html>", "text/html")],
  ["no such path", status(404, { detail: "Not Found" })],
])("what answers with %s is no Ollama server, and is asked for no pull", async (_, reply) => {
  host.server.replyWith(reply);
  const error = await failureOf(provider(["one"]).ensureModels());
  expect(error).toMatchObject({ code: "MODEL_ANSWER_INVALID", failureClass: "retry" });
  expect(error.message).toMatch(/^ollama \(list of models\): this is no Ollama server: /);
  expect(host.server.requests.map(({ path }) => path)).toEqual(["/api/tags"]);
});

it("an Ollama of old that has no models says null", async () => {
  host.server.replyWith(status(200, { models: null }));
  expect(await failureOf(provider(["one"], { pull: false }).ensureModels())).toMatchObject({ code: "MODEL_UNKNOWN" });
});

it("a pull that is answered with what is none is not said to be on its way", async () => {
  const failed = failureOf(provider(["one", "two"]).ensureModels());
  (await host.pull(0)).response.end("<html>welcome</html>\n");
  (await host.pull(1)).fail("no space left on device");
  expect(await failed).toMatchObject({
    ...{ code: "MODEL_ANSWER_INVALID", failureClass: "retry", isRetryable: true, model: "one, two" },
    message: expect.stringContaining("one: it answered with a page or a text"),
    details: { models: [{ code: "MODEL_ANSWER_INVALID" }, { code: "MODEL_FAILED" }] },
  });
});

it("a list that nobody answers for is no model's", async () => {
  const gone = provider(["one"]);
  await host[Symbol.asyncDispose]();
  expect((await failureOf(gone.ensureModels())).message).toMatch(/^ollama \(list of models\): /);
  host = await FakeOllama.start();
});

it("nothing is pulled where that was said: it only says what is missing", async () => {
  const error = await failureOf(provider(["one", "there"], { pull: false }).ensureModels());
  expect(error).toMatchObject({ code: "MODEL_UNKNOWN", model: "one" });
  expect(host.count("/api/pull")).toBe(0);
});

it("a mock needs no models, and a provider without a list has none to make sure of", async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  await provider(["one"], { mock: "always" }).ensureModels();
  expect(host.server.requests).toEqual([]);
  await expect(ollama({ host: host.url }).ensureModels()).rejects.toMatchObject({ code: "OPTION_INVALID" });
  await expect(provider(["one"]).ensureModels({ timout: "1s" } as never)).rejects.toMatchObject({
    code: "OPTION_INVALID",
  });
});
