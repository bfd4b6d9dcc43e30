import { unclassifiedFailures } from "@semel/ai/provider";
import { describeModels } from "@semel/testing/models";
import OpenAI from "openai";
import OpenAI6 from "openai-6";
import { afterAll, expect } from "vitest";
import { type OpenAiClient, openai } from "../src/index.ts";
import { dialect } from "./dialect.ts";

// Every failure of the suite is one that the table knows.
afterAll(() => expect(unclassifiedFailures()).toBe(0));

// The newest client and the lowest of the peer range; servers that obey the wish for base64, and those that do not.
for (const [version, Client] of [
  ["7", OpenAI],
  ["6.49", OpenAI6],
] as const) {
  for (const form of ["base64", "floats"] as const) {
    describeModels({
      name: `openai ${version}, ${form}`,
      dialect: dialect(form),
      create: ({ url, apiKey, clock, dimensions }) => {
        const client = new Client({ apiKey, baseURL: `${url}/v1` }) as unknown as OpenAiClient;
        const provider = openai({ client, clock });
        return {
          embedding: provider.embedding("of-test", { dimensions }),
          text: provider.text("of-test"),
          image: provider.image("of-test"),
        };
      },
    });
  }
}
