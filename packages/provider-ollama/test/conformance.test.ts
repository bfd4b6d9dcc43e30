import { unclassifiedFailures } from "@semel/ai/provider";
import { describeModels } from "@semel/testing/models";
import { afterAll, afterEach, beforeEach, expect, type MockInstance, vi } from "vitest";
import { ollama } from "../src/index.ts";
import { dialect } from "./dialect.ts";

// Every failure of the suite is one that the table knows.
afterAll(() => expect(unclassifiedFailures()).toBe(0));

// The client prints what it cannot read, and a prompt's answer with it.
const printers = ["log", "info", "warn", "error", "debug"] as const;
let printed: MockInstance[];
beforeEach(() => {
  printed = printers.map((name) => vi.spyOn(console, name));
});
afterEach(() => {
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});

describeModels({
  name: "ollama",
  dialect,
  create: ({ url, apiKey, clock, dimensions }) => {
    const provider = ollama({
      host: url,
      headers: { authorization: `Bearer ${apiKey}` },
      clock,
      idleTimeout: "30s",
    });
    return { embedding: provider.embedding("of-test", { dimensions }), text: provider.text("of-test") };
  },
});
