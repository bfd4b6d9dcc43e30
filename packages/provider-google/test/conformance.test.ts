import { GoogleGenAI } from "@google/genai";
import { unclassifiedFailures } from "@semel/ai/provider";
import { describeModels } from "@semel/testing/models";
import { GoogleGenAI as GoogleGenAI2 } from "genai-2";
import { afterAll, expect } from "vitest";
import { google } from "../src/index.ts";
import { dialect } from "./dialect.ts";

// Every failure of the suite is one that the table knows.
afterAll(() => expect(unclassifiedFailures()).toBe(0));

// The newest client, and the lowest of the peer range.
for (const [version, Client] of [
  ["3.3", GoogleGenAI],
  ["2.32", GoogleGenAI2],
] as const)
  describeModels({
    name: `google ${version}`,
    dialect,
    create: ({ url, apiKey, clock, dimensions }) => {
      const client = new Client({ apiKey, vertexai: false, httpOptions: { baseUrl: url } });
      const provider = google({ client, clock });
      return {
        embedding: provider.embedding("of-test", { dimensions }),
        text: provider.text("of-test"),
        image: provider.image("of-test"),
      };
    },
  });
