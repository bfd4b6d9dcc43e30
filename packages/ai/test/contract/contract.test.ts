import type { ModelOptions } from "@semel/ai/provider";
import { embeddingModel, imageModel, mockEmbedding, mockImage, mockText, textModel } from "@semel/ai/provider";
import type { Clock } from "@semel/core";
import { type CreateModels, describeModels } from "@semel/testing/models";
import {
  batched,
  cached,
  guarded,
  hybrid,
  injectionCheck,
  limited,
  linksCheck,
  memoryCache,
  Traffic,
} from "../../src/index.ts";

// What every model promises holds of a mock's as well, and of each wrapper: whoever gets one need not know.

const common = (clock: Clock): ModelOptions => ({
  provider: "mock",
  model: "of-test",
  host: "nowhere",
  isMock: true,
  clock,
  failure: (thrown) => ({ message: String(thrown) }),
});
const never = (): never => {
  throw new Error("a mock sends nothing");
};
const limits = { maxItems: 16, maxTokens: 1_000, maxItemTokens: 500 };

const embedding = ({ clock }: CreateModels) =>
  embeddingModel(mockEmbedding({ ...common(clock), limits, dimensions: 8, send: never }));
const text = ({ clock }: CreateModels) =>
  textModel(mockText({ ...common(clock), features: { stream: true, object: "enforced" }, send: never }));
const image = ({ clock }: CreateModels) =>
  imageModel(mockImage({ ...common(clock), features: { maxCount: 4 }, send: never }));

const hasDimensions = false;

describeModels({
  name: "mock",
  hasDimensions,
  create: (at) => ({ embedding: embedding(at), text: text(at), image: image(at) }),
});

describeModels({
  name: "limited",
  hasDimensions,
  create: (at) => {
    const traffic = new Traffic({ clock: at.clock });
    return {
      embedding: limited(embedding(at), { traffic }),
      text: limited(text(at), { traffic }),
      image: limited(image(at), { traffic }),
    };
  },
});

describeModels({
  name: "hybrid",
  kinds: ["embedding", "text"],
  hasDimensions,
  create: (at) => ({ embedding: hybrid([embedding(at), embedding(at)]), text: hybrid([text(at), text(at)]) }),
});

describeModels({
  name: "batched",
  kinds: ["embedding"],
  hasDimensions,
  // The window is the machine's time: nothing here has to be turned.
  create: (at) => ({ embedding: batched(embedding(at)) }),
});

describeModels({
  name: "cached",
  kinds: ["embedding"],
  hasDimensions,
  create: (at) => ({ embedding: cached(embedding(at), { cache: memoryCache() }) }),
});

describeModels({
  name: "guarded",
  kinds: ["text"],
  hasDimensions,
  create: (at) => ({ text: guarded(text(at), { input: [injectionCheck], output: [linksCheck({ hosts: [] })] }) }),
});
