// What a provider's adapter is written with; `docs/writing-a-provider.md` walks through it.

export { mockEmbedding, mockImage, mockText } from "../mock/mock-models.ts";
export { isToBeMock, type MockPolicy, type MockQuestion } from "../mock/mock-policy.ts";
export { addressOf, keyOf, noOptions, shownOf, spaceOf, tokensOf } from "./checked-options.ts";
export { credentialWord } from "./credential.ts";
export { type EmbeddingModelOptions, embeddingModel, type WireEmbeddings, type WireVector } from "./embedding-model.ts";
export { type Exchange, exchanged } from "./exchange.ts";
export { causeCodeOf, type FailureFacts, type HeadersLike, headersOf, peek } from "./failure-facts.ts";
export { type ImageModelOptions, imageModel, type WireImageRequest, type WireImages } from "./image-model.ts";
export type { ModelOptions } from "./model-options.ts";
export { listOf, numberOf, textOf } from "./read.ts";
export { type TextModelOptions, textModel, type WireRequest, type WireText } from "./text-model.ts";
export { reckonTokens } from "./tokens.ts";
export { onUnclassified, unclassifiedFailures } from "./unclassified.ts";
