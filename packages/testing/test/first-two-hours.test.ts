import { readFileSync } from "node:fs";
import { defineJob, type Logger, processor, RetryAfterError } from "@semel/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../src/index.ts";

/* What docs/first-two-hours.md quotes is what users read: each is brought about here, and looked for on the page. */

const at = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = at("docs/first-two-hours.md");
/** One section, by its number. */
const section = (number: number): string => {
  const text = page.split(new RegExp(`^## ${number}\\. `, "m"))[1]?.split(/^## /m)[0];
  if (text === undefined) throw new Error(`there is no section ${number}`);
  return text.replaceAll(/\s+/g, " ");
};

const payload = z.object({ documentId: z.string(), text: z.string() });
const embed = defineJob({ type: "embed", payload, correlation: ["documentId"] });
const a = { documentId: "a", text: "arma" };

let kit: TestKit;
let lines: string[];
let work: () => Promise<void>;
beforeEach(() => {
  lines = [];
  work = async () => {};
  const line = (_fields: object, message = ""): void => void lines.push(message);
  const logger: Logger = { debug: () => {}, info: line, warn: line, error: line };
  kit = createTestKit({ logger, processors: [processor(embed, () => work())] });
});
afterEach(() => kit.close());
/** The line that begins so. */
const logged = (beginning: string): string => lines.find((text) => text.startsWith(beginning)) ?? `no ${beginning}`;

describe("docs/first-two-hours.md", () => {
  it("has fifteen sections, in order", () => {
    const numbers = [...page.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  });

  it("4 and 5 quote what is thrown", () => {
    expect(at("packages/embedded/src/directory-lock.ts")).toContain("; one process at a time can use it.");
    expect(section(4)).toContain("is in use by process 4711; one process at a time can use it");
    expect(at("packages/redis-connection/src/judge-servers.ts")).toContain(" must not be used as it is: ");
    expect(section(5)).toContain("Redis at … must not be used as it is");
  });

  it("6 quotes the line of finished work", async () => {
    await kit.semel.enqueue(embed, a);
    await kit.drain();
    await kit.advance("2m");
    expect((await kit.semel.enqueue(embed, a)).outcome).toBe("replayed");
    expect(section(6)).toContain(`\`${logged("replayed")}\``);
    expect((await kit.semel.enqueue(embed, a, { rerun: true })).outcome).toBe("created");
  });

  it("7 quotes a conflict, which names what differs", async () => {
    await kit.semel.enqueue(embed, a);
    const error = await kit.semel.enqueue(embed, { ...a, text: "cano" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "CORRELATION_CONFLICT", details: { fields: ["text"] } });
    expect(section(7)).toContain("details.fields");
  });

  it("9 quotes the line of a type that nobody takes, and explain says so first", async () => {
    const mail = defineJob({ type: "mail", payload, correlation: ["documentId"] });
    const { id } = await kit.semel.enqueue(mail, a);
    await kit.advance("61s");
    expect(section(9)).toContain(`\`${logged("nobody").replaceAll("mail", "embed")}\``);
    expect((await kit.semel.explain(id))[0]?.code).toBe("no-worker");
    expect(section(9)).toContain("`no-worker`");
  });

  it("10 quotes the line of a failed attempt", async () => {
    work = () => Promise.reject(new Error("busy"));
    await kit.semel.enqueue(embed, a);
    await kit.drain();
    // The delay is drawn.
    const text = logged("attempt")
      .replace("busy", "…")
      .replace(/[\d.]+ m?s$/, "640 ms");
    expect(section(10)).toContain(`\`${text}\``);
  });

  it("12: in the kit, a result waits for the clock", async () => {
    work = () => Promise.reject(new RetryAfterError("20s"));
    const handle = await kit.semel.enqueue(embed, a);
    const result = handle.result({ timeout: "10s" }).catch((thrown: unknown) => thrown);
    await kit.drain();
    await kit.advance("10s");
    expect(await result).toMatchObject({ code: "RESULT_TIMEOUT", isRetryable: true });
    expect(section(12)).toContain("`RESULT_TIMEOUT`");
  });
});
