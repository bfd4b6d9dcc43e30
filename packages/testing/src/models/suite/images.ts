import { describe, expect, test } from "vitest";
import type { ModelDialect } from "../model-dialect.ts";
import { status } from "../model-server.ts";
import { picture, type Stage } from "./stage.ts";

/** Pictures are as many as were asked for, and pictures. */
export function images(stage: Stage, dialect: ModelDialect): void {
  describe("image: answers", () => {
    const generate = (pictures: readonly Uint8Array[]) => {
      stage.server.replyWith(status(200, dialect.images?.(pictures)));
      return stage.model("image").generate({ prompt: "A lake" });
    };
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0);

    test("bytes come as they were sent, and tell what they are", async () => {
      expect((await generate([jpeg])).images).toEqual([{ bytes: jpeg, mediaType: "image/jpeg" }]);
    });

    for (const [what, pictures] of [
      ["no picture", []],
      ["more pictures than were asked for", [picture, picture]],
      ["a picture of nothing", [new Uint8Array()]],
      ["what is no picture", [new TextEncoder().encode("<html>Sign in</html>")]],
    ] as const)
      test(`${what}: MODEL_ANSWER_INVALID`, async () => {
        const error = await stage.failure(generate(pictures));
        expect(error).toMatchObject({ code: "MODEL_ANSWER_INVALID", failureClass: "retry" });
      });
  });
}
