import type { Usage } from "@semel/core";
import { describe, expect, test } from "vitest";
import type { ModelDialect } from "../model-dialect.ts";
import { status } from "../model-server.ts";
import { ask, type Stage, usages } from "./stage.ts";

const schema = {
  "~standard": {
    version: 1 as const,
    vendor: "semel",
    validate: (value: unknown) =>
      typeof (value as { name?: unknown } | null)?.name === "string"
        ? { value: value as { name: string } }
        : { issues: [{ message: "expected a text", path: ["name"] }] },
  },
};
const jsonSchema = {
  type: "object",
  properties: { name: { type: "string" } },
  required: ["name"],
  additionalProperties: false,
};

/** Data fits its schema, or is none; every try is paid for. */
export function objects(stage: Stage, dialect: ModelDialect): void {
  describe("object", () => {
    const object = (
      answers: readonly string[],
      request: object = { jsonSchema },
      onUsage: (usage: Usage) => void = () => {},
    ) => {
      const left = [...answers];
      stage.server.replyWith((response, incoming) =>
        status(200, dialect.text?.({ text: left.shift() ?? "", finish: "stop" }))(response, incoming),
      );
      return stage.model("text").object({ ...ask, schema, ...request }, { onUsage });
    };

    test("data that fits", async () => {
      expect(await object(['{"name":"Ada"}'])).toMatchObject({ object: { name: "Ada" }, repairs: 0 });
    });

    test("data in a fence, as models write it that are asked rather than held", async () => {
      expect(await object(['```json\n{"name":"Ada"}\n```'])).toMatchObject({ object: { name: "Ada" }, repairs: 0 });
    });

    test("data that does not is repaired, and every try is paid for", async () => {
      const answer = await object(['{"name":7}', '{"name":"Ada"}']);
      expect(answer).toMatchObject({
        object: { name: "Ada" },
        repairs: 1,
        usage: { inputTokens: 10, outputTokens: 6 },
      });
    });

    test("a model that ignores the schema is MODEL_OUTPUT_INVALID when the repairs are spent", async () => {
      const { told, onUsage } = usages();
      const failure = object(["no", "no"], { jsonSchema }, onUsage);
      expect(await stage.failure(failure)).toMatchObject({ code: "MODEL_OUTPUT_INVALID", failureClass: "fail" });
      expect(told).toMatchObject([{ inputTokens: 10, outputTokens: 6 }]);
    });

    test("a schema that cannot be shown to the model is MODEL_INPUT_INVALID, and nothing is sent", async () => {
      for (const request of [
        {},
        { jsonSchema: { type: "string" } },
        { schema: { type: "object" }, jsonSchema },
        { jsonSchema, name: "an answer" },
        { jsonSchema, repairs: 3 },
      ])
        expect(await stage.failure(object([], request))).toMatchObject({ code: "MODEL_INPUT_INVALID" });
      expect(stage.server.requests).toHaveLength(0);
    });
  });
}
