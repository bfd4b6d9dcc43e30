import type { Answer, ImageRequest, ModelErrorCode, TextRequest } from "@semel/core";
import { describe, expect, test } from "vitest";
import { hints } from "./hints.ts";
import { ask, type ModelKind, nothingSpent, type Stage, usages } from "./stage.ts";

type Bad<R> = readonly (readonly [what: string, request: R, code: ModelErrorCode])[];

const invalid = "MODEL_INPUT_INVALID";

/** Of whoever is not held to types. */
const noRequests: Bad<never> = [null, undefined, {}, 5, "ab"].map(
  (request) => [`${JSON.stringify(request)} for a request`, request as never, invalid] as const,
);

const badTexts: Bad<readonly string[]> = [
  ["one text instead of a list", "ab" as never, invalid],
  ["no texts", [], invalid],
  ["an empty text", ["a", ""], invalid],
  ["a text of white space", [" \n\t"], invalid],
  ["a text that is none", [7 as never], invalid],
  ["a text that is too long", ["wort ".repeat(200_000)], "MODEL_INPUT_TOO_LONG"],
];

const badRequests: Bad<Partial<TextRequest>> = [
  ["no messages", { messages: [] }, invalid],
  ["an empty message", { messages: [{ role: "user", text: "" }] }, invalid],
  ["a message of white space", { messages: [{ role: "user", text: " \n" }] }, invalid],
  ["a message that is no text", { messages: [{ role: "user", text: 7 as never }] }, invalid],
  ["a role that is none", { messages: [{ role: "tool" as never, text: "x" }] }, invalid],
  ["the model's message last", { messages: [...ask.messages, { role: "assistant", text: "x" }] }, invalid],
  ["no room for an answer", { maxTokens: 0 }, invalid],
  ["a temperature out of range", { temperature: 3 }, invalid],
  ["an empty word to stop at", { stop: [""] }, invalid],
  ["five words to stop at", { stop: ["a", "b", "c", "d", "e"] }, invalid],
];

const badPrompts: Bad<ImageRequest> = [
  ["no prompt", { prompt: "" }, invalid],
  ["a prompt of white space", { prompt: " \n" }, invalid],
  ["no pictures", { prompt: "A lake", count: 0 }, invalid],
  ["half a picture", { prompt: "A lake", count: 1.5 }, invalid],
  ["more pictures than it makes at a time", { prompt: "A lake", count: 1_000 }, "MODEL_UNSUPPORTED"],
  ["a size that is none", { prompt: "A lake", size: "large" as never }, invalid],
];

/** What holds of every model, also of one that is made up, scripted, or wrapped: it needs no server that fails. */
export function contract(stage: Stage): void {
  const well = (kind: ModelKind, count = 1): void => stage.server.replyWith(stage.good(kind, count));

  for (const kind of stage.kinds) {
    describe(`${kind}: contract`, () => {
      test("an answer says who gave it, and what it cost: the same to whoever listens, once", async () => {
        well(kind);
        const model = stage.model(kind);
        const { told, onUsage } = usages();
        const answer: Answer = await stage.call(kind, { onUsage }, { [kind]: model });
        expect(answer).toMatchObject({ provider: model.provider, isMock: model.isMock });
        expect(answer.model).not.toBe("");
        expect(told).toEqual([answer.usage]);
        expect(answer.usage).toMatchObject({ certainty: expect.stringMatching(/^(actual|estimated)$/) });
      });

      test("a listener that throws changes nothing", async () => {
        well(kind);
        const told: string[] = [];
        const listener = (what: string) => (): never => {
          told.push(what);
          throw new Error("a listener of the user's");
        };
        const call = { onUsage: listener("usage"), onLimits: listener("limits") };
        await expect(stage.call(kind, call)).resolves.toMatchObject({});
        // Only a server has limits to tell.
        expect(told.sort()).toEqual(stage.suite.dialect ? ["limits", "usage"] : ["usage"]);
      });

      test("what is no call, or no signal, is OPTION_INVALID", async () => {
        well(kind);
        for (const call of [null, 5, { signal: {} }])
          await expect(stage.call(kind, call as never)).rejects.toMatchObject({ code: "OPTION_INVALID" });
        expect(stage.server.requests).toHaveLength(0);
      });

      test("a call that was ended before it began sends nothing, costs nothing, and says why", async () => {
        well(kind);
        const reason = new Error("no longer wanted");
        const { told, onUsage } = usages();
        await expect(stage.call(kind, { signal: AbortSignal.abort(reason), onUsage })).rejects.toBe(reason);
        expect(told).toEqual([nothingSpent]);
        expect(stage.server.requests).toHaveLength(0);
      });

      test("its identity holds no key", () => {
        const { provider, model, host, credential } = stage.model(kind);
        expect([provider, model, host].every((name) => typeof name === "string" && name !== "")).toBe(true);
        expect(JSON.stringify([provider, model, host, credential])).not.toContain("canary");
      });
    });
  }

  const refuses = <R>(kind: ModelKind, bad: Bad<R>, send: (request: R, call: object) => Promise<unknown>): void => {
    for (const [what, request, code] of bad)
      test(`${what} is ${code}; nothing is sent, nothing is paid`, async () => {
        well(kind);
        const { told, onUsage } = usages();
        expect(await stage.failure(send(request, { onUsage }))).toMatchObject({ code, failureClass: "fail" });
        expect(told).toEqual([nothingSpent]);
        expect(stage.server.requests).toHaveLength(0);
      });
  };

  if (stage.kinds.includes("embedding"))
    describe("embedding: contract", () => {
      test("one vector for each text, all of one length, in the model's space", async () => {
        well("embedding", 3);
        const model = stage.model("embedding");
        const { vectors, space } = await model.embed({ texts: ["a", "b", "c"] });
        expect(vectors).toHaveLength(3);
        expect(new Set(vectors.map(({ length }) => length)).size).toBe(1);
        expect(vectors.every((vector) => vector instanceof Float32Array && vector.every(Number.isFinite))).toBe(true);
        expect(space).toBe(model.space);
      });

      refuses("embedding", noRequests, (request, call) => stage.model("embedding").embed(request, call));
      refuses("embedding", badTexts, (texts, call) => stage.model("embedding").embed({ texts }, call));

      test("more texts than fit into one request are MODEL_INPUT_INVALID, or the model splits them", async () => {
        const model = stage.model("embedding");
        const texts = Array.from({ length: model.limits.maxItems + 1 }, () => "a");
        well("embedding", texts.length);
        const outcome = await model.embed({ texts }).then(
          ({ vectors }) => vectors.length,
          (error: { readonly code?: string }) => error.code,
        );
        expect(outcome).toBeOneOf([invalid, texts.length]);
        if (outcome === invalid) expect(stage.server.requests).toHaveLength(0);
      });

      if (stage.suite.hasDimensions ?? true)
        for (const dimensions of [0, -1, 1.5])
          test(`vectors of the length ${dimensions} are refused before there is a model`, () => {
            const make = (): unknown => stage.model("embedding", { dimensions });
            expect(make, hints.hasDimensions).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
          });
    });

  if (stage.kinds.includes("text"))
    describe("text: contract", () => {
      refuses("text", noRequests, (request, call) => stage.model("text").generate(request, call));
      refuses("text", badRequests, (request, call) => stage.model("text").generate({ ...ask, ...request }, call));

      test("what it cannot do is MODEL_UNSUPPORTED, and nothing is sent", async () => {
        well("text");
        const model = stage.model("text");
        if (!model.features.stream) {
          const parts = model.stream(ask)[Symbol.asyncIterator]();
          expect(await stage.failure(parts.next())).toMatchObject({ code: "MODEL_UNSUPPORTED" });
        }
        if (model.features.object === "none") {
          const failure = await stage.failure(
            model.object({ ...ask, schema: anything, jsonSchema: { type: "object" } }),
          );
          expect(failure.code).toBe("MODEL_UNSUPPORTED");
        }
        expect(stage.server.requests).toHaveLength(0);
      });
    });

  if (stage.kinds.includes("image"))
    describe("image: contract", () => {
      refuses("image", noRequests, (request, call) => stage.model("image").generate(request, call));
      refuses("image", badPrompts, (request, call) => stage.model("image").generate(request, call));

      test("a picture is bytes, and says what it is by them", async () => {
        well("image");
        const { images } = await stage.model("image").generate({ prompt: "A lake" });
        expect(images).toHaveLength(1);
        expect(images[0]).toMatchObject({ mediaType: "image/png" });
        expect(images[0]?.bytes.length).toBeGreaterThan(0);
      });
    });
}

const anything = { "~standard": { version: 1 as const, vendor: "semel", validate: (value: unknown) => ({ value }) } };
