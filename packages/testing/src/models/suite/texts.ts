import type { TextRequest } from "@semel/core";
import { describe, expect, test } from "vitest";
import type { DialectText, ModelDialect } from "../model-dialect.ts";
import { status } from "../model-server.ts";
import { ask, type Stage } from "./stage.ts";

/** An answer is done, whole, and not refused; or it is none. */
export function texts(stage: Stage, dialect: ModelDialect): void {
  describe("text: answers", () => {
    const generate = (answer: DialectText, request: Partial<TextRequest> = {}) => {
      stage.server.replyWith(status(200, dialect.text?.(answer)));
      return stage.model("text").generate({ ...ask, ...request });
    };

    test("a text with its usage", async () => {
      expect(await generate({ text: "Good day", finish: "stop" })).toMatchObject({
        text: "Good day",
        finish: "stop",
        usage: { certainty: "actual", inputTokens: 5, outputTokens: 3 },
      });
    });

    test("an answer that is cut fails, or is accepted where that was asked for", async () => {
      const cut = { text: "Good", finish: "length" } as const;
      expect(await stage.failure(generate(cut))).toMatchObject({ code: "MODEL_OUTPUT_CUT", failureClass: "fail" });
      expect(await generate(cut, { onLength: "accept" })).toMatchObject({ text: "Good", finish: "length" });
    });

    for (const [what, answer, code] of [
      ["without its end", { text: "Good", finish: undefined }, "MODEL_ANSWER_INVALID"],
      ["that is empty", { text: "", finish: "stop" }, "MODEL_ANSWER_INVALID"],
      ["that is blocked", { text: "", finish: "blocked" }, "MODEL_CONTENT_BLOCKED"],
    ] as const)
      test(`an answer ${what} is ${code}`, async () => {
        expect(await stage.failure(generate(answer))).toMatchObject({ code });
      });
  });
}
