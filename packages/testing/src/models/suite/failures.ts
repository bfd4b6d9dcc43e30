import { consoleLogger, defineJob, processor } from "@semel/core";
import { describe, expect, test } from "vitest";
import { createTestKit } from "../../kit.ts";
import { VirtualClock } from "../../virtual-clock.ts";
import { faultReply } from "../fault-reply.ts";
import type { ModelDialect } from "../model-dialect.ts";
import { type ModelFault, modelFaults } from "../model-faults.ts";
import { hang, status, trickle } from "../model-server.ts";
import { hints, soon } from "./hints.ts";
import { canary, type ModelKind, type Stage, usages } from "./stage.ts";

const schemaOf = <T>() => ({
  "~standard": {
    version: 1 as const,
    vendor: "semel",
    validate: (value: unknown) => ({ value: value as T }),
    types: undefined as { readonly input: T; readonly output: T } | undefined,
  },
});
const asking = defineJob({
  type: "ask-a-model",
  payload: schemaOf<{ id: string }>(),
  result: schemaOf<unknown>(),
  correlation: ["id"],
});

/** What a provider's failures are to a job, whichever kind of model was asked. */
export function failures(stage: Stage, dialect: ModelDialect, kind: ModelKind): void {
  describe(`${kind}: failures`, () => {
    for (const [name, fault] of Object.entries<ModelFault>(modelFaults)) {
      const reply = faultReply(fault.way, dialect);
      if (!reply || fault.way.is === "silence") continue;
      test(`${name} is ${fault.code}, ${fault.failureClass}`, async () => {
        stage.server.replyWith(reply);
        const { told, onUsage } = usages();
        const error = await stage.failure(stage.call(kind, { onUsage }));
        const { code, failureClass, maxAttempts, retryAfterMs } = fault;
        const isUnbegun = name === "reset-in-answer" && error.code === "MODEL_UNREACHABLE";
        expect(error, isUnbegun ? hints.hasBegun : "").toMatchObject({
          code,
          failureClass,
          ...(maxAttempts !== undefined && { maxAttempts }),
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        });
        expect(told).toEqual([error.usage]);
        expect(stage.server.requests).toHaveLength(1);
      });
    }

    test("a key that the provider repeats is not seen", async () => {
      const message = `Incorrect API key provided: ${canary}, at https://host/v1?key=${canary}`;
      const body = dialect.error({ status: 401, code: "invalid_api_key", message });
      stage.server.replyWith(status(401, body, { "x-echo": canary }));
      const error = await stage.failure(stage.call(kind));
      expect(error.code).toBe("MODEL_CREDENTIAL_REFUSED");
    });

    test("nor in anything a job leaves behind that died of it: letter, status, explanation, events, log", async () => {
      const message = `Incorrect API key provided: ${canary}`;
      const body = dialect.error({ status: 401, code: "invalid_api_key", message });
      stage.server.replyWith(status(401, body, { "x-echo": canary }));
      const lines: string[] = [];
      const model = { [kind]: stage.model(kind) };
      const kit = createTestKit({
        processors: [processor(asking, ({ once }) => once("ask", ({ signal }) => stage.call(kind, { signal }, model)))],
        logger: consoleLogger({ level: "debug", write: (line) => lines.push(line) }),
      });
      try {
        const { id } = await kit.semel.enqueue(asking, { id: "1" });
        // A real server answers in its own time, which no clock of ours turns.
        await kit.waitForEvent("attempt.dead");
        const letter = await kit.semel.deadLetters.get(id);
        const left = [letter, await kit.semel.status(id), await kit.semel.explain(id), kit.events, lines];
        expect(letter).toMatchObject({ error: { code: "MODEL_CREDENTIAL_REFUSED" } });
        expect(lines).not.toEqual([]);
        expect(JSON.stringify(left), hints.secrets).not.toContain(canary);
      } finally {
        await kit.close();
      }
    });

    for (const [what, reply] of [
      ["no answer", hang],
      ["a body that trickles", trickle('{"object":')],
    ] as const) {
      test(`${what} is MODEL_TIMEOUT when the deadline is over`, async ({ task }) => {
        stage.server.replyWith(reply);
        const clock = new VirtualClock();
        const { arrival } = stage.server;
        const failure = stage.failure(stage.call(kind, { timeout: "10m" }, clock));
        const early = failure.then((error) => Promise.reject(error));
        const request = await soon(Promise.race([arrival, early]), task, hints.request);
        await clock.advance(600_000);
        expect(await soon(failure, task, hints.clock)).toMatchObject({
          code: "MODEL_TIMEOUT",
          failureClass: "retry",
          maxAttempts: 3,
        });
        await soon(request.left, task, hints.signal);
      });
    }

    test("to end one call ends that one alone", async ({ task }) => {
      const held: (() => void)[] = [];
      stage.server.replyWith((response, request) => {
        held.push(() => stage.good(kind)(response, request));
      });
      const on = { [kind]: stage.model(kind) };
      const first = stage.server.arrival;
      const reason = new Error("no longer wanted");
      const control = new AbortController();
      const ended = stage.call(kind, { signal: control.signal }, on);
      const request = await soon(first, task, hints.request);
      const second = stage.server.arrival;
      const other = stage.call(kind, {}, on);
      await soon(second, task, hints.request);
      control.abort(reason);
      await expect(ended).rejects.toBe(reason);
      await soon(request.left, task, hints.signal);
      held[1]?.();
      expect(await other).toMatchObject({ isMock: false });
    });
  });
}
