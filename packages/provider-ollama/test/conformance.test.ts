import { describeModels } from "@semel/testing/models";
import { ollama } from "../src/index.ts";
import { dialect } from "./dialect.ts";
import { nothingIsPrintedOrUnknown } from "./shared.ts";

nothingIsPrintedOrUnknown();

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
