import type { TextPart } from "@semel/core";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../virtual-clock.ts";
import type { ModelDialect } from "../model-dialect.ts";
import { type Reply, raw, resetInside, status, trickle } from "../model-server.ts";
import { hints, soon } from "./hints.ts";
import { ask, type Stage, usages } from "./stage.ts";

const minute = 60_000;

/** A stream is whole or fails, whatever it has said before; what was said is paid for. */
export function streams(stage: Stage, dialect: ModelDialect): void {
  const { stream: framesOf, streamError, streamType: type = "text/event-stream" } = dialect;
  if (!framesOf) return;
  describe("stream", () => {
    const parts = async (reply: Reply, clock = new VirtualClock(), onPart: (part: TextPart) => void = () => {}) => {
      stage.server.replyWith(reply);
      const { told, onUsage } = usages();
      const all: TextPart[] = [];
      const end = (async () => {
        for await (const part of stage.model("text", { clock }).stream(ask, { timeout: "10m", onUsage })) {
          all.push(part);
          onPart(part);
        }
      })();
      const error = await end.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return { all, told, error };
    };

    test("the pieces, and at last the whole with its usage", async () => {
      const { all, told, error } = await parts(raw(framesOf(["Good ", "day"], "stop").join(""), type));
      expect(error).toBeUndefined();
      expect(all.filter((part) => part.is === "text").map(({ text }) => text)).toEqual(["Good ", "day"]);
      expect(all.at(-1)).toMatchObject({ is: "end", text: "Good day", finish: "stop" });
      expect(told).toEqual([{ certainty: "actual", inputTokens: 5, outputTokens: 3 }]);
    });

    test("a letter that two packets share is one letter", async () => {
      const bytes = Buffer.from(framesOf(["Grüße, 世界"], "stop").join(""));
      const { all, error } = await parts((response) => {
        response.writeHead(200, { "content-type": type });
        // Each byte by itself, the next one once the last has left: the client's reader meets every cut there is.
        const send = (at: number): unknown =>
          at < bytes.length ? response.write(bytes.subarray(at, at + 1), () => send(at + 1)) : response.end();
        send(0);
      });
      expect(error).toBeUndefined();
      expect(all.at(-1)).toMatchObject({ is: "end", text: "Grüße, 世界" });
    });

    const start = framesOf(["Good ", "day"], undefined).join("");
    for (const [what, reply] of [
      ["that ends before it says that it is done", raw(start, type)],
      ["that is reset", resetInside(start, type)],
      ...(streamError
        ? ([
            [
              "with an error in it",
              raw(start + streamError({ status: 500, code: undefined, message: "fell over" }), type),
            ],
          ] as const)
        : []),
    ] as const)
      test(`a stream ${what} fails, and is charged by estimate`, async () => {
        const { all, told, error } = await parts(reply);
        expect(error, hints.hasBegun).toMatchObject({
          code: expect.stringMatching(/^MODEL_(FAILED|ANSWER_INVALID)$/),
          failureClass: "retry",
        });
        expect(all.some((part) => part.is === "end")).toBe(false);
        expect(told).toMatchObject([{ certainty: "estimated" }]);
        expect((told[0] as { inputTokens: number }).inputTokens).toBeGreaterThan(0);
      });

    test("a stream that is refused fails as any call does", async () => {
      const { error, told } = await parts(
        status(429, dialect.error({ status: 429, code: undefined, message: "slow" })),
      );
      expect(error).toMatchObject({ code: "MODEL_RATE_LIMITED", failureClass: "defer" });
      expect(told).toEqual([{ certainty: "actual", inputTokens: 0, outputTokens: 0 }]);
    });

    test("a stream that falls silent is MODEL_TIMEOUT", async ({ task }) => {
      const clock = new VirtualClock();
      const came = Promise.withResolvers<void>();
      const ended = parts(trickle(start, type), clock, ({ is }) => is === "text" && came.resolve());
      await soon(Promise.race([came.promise, ended]), task, "the pieces that have come are not handed on");
      await clock.advance(minute);
      expect(await soon(ended, task, hints.clock)).toMatchObject({
        error: { code: "MODEL_TIMEOUT" },
        told: [{ certainty: "estimated" }],
      });
    });

    test("whoever stops iterating ends the request, and pays for what came", async ({ task }) => {
      stage.server.replyWith(trickle(start, type));
      const { told, onUsage } = usages();
      for await (const _ of stage.model("text").stream(ask, { onUsage })) break;
      await soon(Promise.resolve(stage.server.requests[0]?.left), task, hints.signal);
      expect(told).toMatchObject([{ certainty: "estimated" }]);
    });

    test("whoever ends the call ends the request, and pays for what came", async ({ task }) => {
      stage.server.replyWith(trickle(start, type));
      const { told, onUsage } = usages();
      const control = new AbortController();
      const reason = new Error("no longer wanted");
      const read = async (): Promise<void> => {
        for await (const _ of stage.model("text").stream(ask, { onUsage, signal: control.signal }))
          control.abort(reason);
      };
      await expect(read()).rejects.toBe(reason);
      await soon(Promise.resolve(stage.server.requests[0]?.left), task, hints.signal);
      expect(told).toMatchObject([{ certainty: "estimated" }]);
    });
  });
}
