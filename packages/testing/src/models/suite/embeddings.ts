import { describe, expect, test } from "vitest";
import type { DialectVector, ModelDialect } from "../model-dialect.ts";
import { status } from "../model-server.ts";
import { hints } from "./hints.ts";
import { type Stage, vector } from "./stage.ts";

/** Vectors are right, or refused. */
export function embeddings(stage: Stage, dialect: ModelDialect): void {
  describe("embedding: answers", () => {
    const embed = (texts: readonly string[], vectors: readonly DialectVector[], dimensions?: number) => {
      stage.server.replyWith(status(200, dialect.embeddings?.(vectors)));
      return stage.model("embedding", dimensions === undefined ? {} : { dimensions }).embed({ texts });
    };

    test("vectors are right to the last bit of a 32-bit float", async () => {
      const values = [0.1, -2.5, 3.25];
      const { vectors } = await embed(["a"], [vector(0, values)]);
      expect(vectors).toEqual([Float32Array.from(values)]);
    });

    if (dialect.hasIndexes)
      test("vectors that come in another order are put in the order of the texts", async () => {
        const { vectors } = await embed(["a", "b", "c"], [vector(2), vector(0), vector(1)]);
        expect(vectors.map(([head]) => head)).toEqual([1, 2, 3]);
      });

    const wrong: readonly (readonly [string, readonly DialectVector[]])[] = [
      ["too few vectors", [vector(0)]],
      ["too many vectors", [vector(0), vector(1), vector(2)]],
      ["vectors of two lengths", [vector(0), vector(1, [1, 2])]],
      ["a vector of nothing", [vector(0), vector(1, [])]],
      ["a vector of zeros", [vector(0), vector(1, [0, 0, 0])]],
      ["a vector with what is no number", [vector(0), vector(1, [1, Number.NaN, 1])]],
      ...(dialect.hasIndexes ? ([["an index twice", [vector(0), vector(0)]]] as const) : []),
    ];
    for (const [what, vectors] of wrong)
      test(`${what}: MODEL_ANSWER_INVALID`, async () => {
        const error = await stage.failure(embed(["a", "b"], vectors));
        expect(error).toMatchObject({ code: "MODEL_ANSWER_INVALID", failureClass: "retry" });
      });

    if (stage.suite.hasDimensions ?? true)
      test("vectors of another length than was asked for: MODEL_ANSWER_INVALID", async () => {
        expect(await embed(["a"], [vector(0, [1, 2])], 2)).toMatchObject({ vectors: [Float32Array.of(1, 2)] });
        const failure = embed(["a"], [vector(0, [1, 2, 3])], 2);
        const error = await stage.failure(failure, hints.hasDimensions);
        expect(error).toMatchObject({ code: "MODEL_ANSWER_INVALID", failureClass: "retry" });
      });
  });
}
