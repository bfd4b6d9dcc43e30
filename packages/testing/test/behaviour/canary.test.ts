import { consoleLogger, defineJob, processor, RetryAfterError } from "@semel/core";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

/*
 * Secrets are planted wherever a processor may meet one, in every shape Semel knows. Nothing that is listed, told or
 * logged may hold one. What is stored is another matter: a redrive needs the payload as it was.
 */

const canaries = {
  openai: `sk-${"c4Na".repeat(8)}`,
  google: `AIza${"c4Na".repeat(9)}`,
  bearer: `Bearer ${"c4Na".repeat(8)}`,
  jwt: `eyJ${"c4Na".repeat(5)}.${"c4Na".repeat(5)}.${"c4Na".repeat(5)}`,
  url: "postgres://app:c4NaPassword@db/app",
  query: "https://host/v1?api_key=c4NaInTheUrl&n=1",
  pem: "-----BEGIN PRIVATE KEY-----\nc4NaMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
};
const everything = Object.values(canaries).join(" | ");

/** As clients of model providers throw: everything they know of the request hangs on the error. */
function asProvidersThrow(): Error {
  const headers = { authorization: canaries.bearer, "x-api-key": "c4NaOfNoKnownShape", cookie: "c4NaCookie" };
  const cause = new Error(`upstream said: ${everything}`, { cause: new Error(`deeper: ${canaries.openai}`) });
  return Object.assign(new Error(`401: the key ${everything} is wrong`, { cause }), {
    ...{
      name: `Error ${canaries.openai}`,
      code: canaries.openai.slice(0, 60),
      requestId: canaries.google,
      status: 500,
    },
    ...{ headers, request: { headers }, response: { headers, data: everything }, config: { apiKey: everything } },
  });
}

const job = defineJob({
  type: "leaky",
  correlation: ["id", "apiKey"],
  payload: z.object({
    id: z.string(),
    apiKey: z.string(),
    customer: z.object({ email: z.string() }),
    connection: z.object({ password: z.string(), url: z.string() }),
    headers: z.record(z.string(), z.string()),
    text: z.string(),
  }),
  redact: ["customer.email"],
  retry: { maxAttempts: 2 },
});
const payload = (id: string) => ({
  id,
  apiKey: canaries.openai,
  customer: { email: "c4na@example.com" },
  connection: { password: "c4NaOfNoKnownShape", url: canaries.url },
  headers: { Authorization: "Basic c4NaOfNoKnownShape" },
  text: everything,
});

let kit: TestKit;
afterEach(() => kit?.close());

describe("a secret", () => {
  it("occurs in no letter, event, status, explanation or log line", async () => {
    const lines: string[] = [];
    kit = createTestKit({
      logger: consoleLogger({ level: "debug", write: (line) => lines.push(line) }),
      processors: [
        processor(job, async ({ payload: { id }, progress, defer, retry, deadLetter, cancel, once, attempt }) => {
          await progress(0.5, everything);
          if (id === "throws") throw asProvidersThrow();
          if (id === "hints") throw new RetryAfterError("1s", everything, { cause: asProvidersThrow() });
          if (id === "in a step") await once("call", () => Promise.reject(asProvidersThrow()));
          if (id === "rejects") return deadLetter(everything, { headers: payload(id).headers, all: everything });
          if (id === "defers" && attempt === 1) return defer(everything, "1h");
          if (id === "retries") return retry({ after: "1s", reason: everything });
          if (id === "cancels") return cancel(everything);
          throw everything;
        }),
      ],
    });
    const ids: string[] = [];
    for (const id of ["throws", "hints", "in a step", "rejects", "defers", "retries", "cancels", "text"])
      ids.push((await kit.semel.enqueue(job, payload(id))).id);
    await kit.advance("5m");
    await kit.semel.cancel(ids[4] ?? "", everything);

    const letters = [];
    for await (const letter of kit.semel.deadLetters.list()) letters.push(letter);
    expect(letters).toHaveLength(6);
    const plan = await kit.semel.deadLetters.plan({ maxRedrives: 0 });
    const shown = {
      letters,
      groups: await kit.semel.deadLetters.groups(),
      plan: [plan, await plan.run()],
      events: kit.events,
      statuses: await Promise.all(ids.map((id) => kit.semel.status(id))),
      explanations: await Promise.all(ids.map((id) => kit.semel.explain(id))),
      lines,
    };
    for (const [where, written] of Object.entries(shown)) expect(JSON.stringify(written), where).not.toMatch(/c4na/i);
    expect(lines.length).toBeGreaterThan(20);
    // What is no secret is all there.
    expect(letters.map(({ payload: shownPayload }) => (shownPayload as { id: string }).id)).toContain("throws");
  });

  it("is in what is stored, because a redrive needs the payload as it was", async () => {
    const seen: unknown[] = [];
    kit = createTestKit({
      processors: [
        processor(job, async ({ payload: got, deadLetter }) => {
          seen.push(got);
          return deadLetter("not now");
        }),
      ],
    });
    const { id } = await kit.semel.enqueue(job, payload("a"));
    await kit.drain();
    await kit.semel.deadLetters.redrive(id);
    await kit.drain();
    expect(seen).toEqual([payload("a"), payload("a")]);
  });
});
