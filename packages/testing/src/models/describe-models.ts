import { afterAll, beforeAll, describe } from "vitest";
import { contract } from "./suite/contract.ts";
import { embeddings } from "./suite/embeddings.ts";
import { failures } from "./suite/failures.ts";
import { images } from "./suite/images.ts";
import { objects } from "./suite/objects.ts";
import { type ModelsSuite, Stage } from "./suite/stage.ts";
import { streams } from "./suite/streams.ts";
import { texts } from "./suite/texts.ts";
import { unclassified } from "./suite/unclassified.ts";

/**
 * Holds a provider's adapter to what every model of Semel's promises, over real HTTP against a server that misbehaves. Models that
 * need no server, a mock's or wrapped ones, are held to what can be seen without one: leave `dialect` out. With one, `@semel/ai` has to be
 * installed.
 *
 * ```ts
 * describeModels({ name: "MyProvider", dialect, create: ({ url, apiKey, clock }) => ({ text: myProvider({ url, apiKey, clock }).text("m") }) });
 * ```
 */
export function describeModels(suite: ModelsSuite): void {
  const stage = new Stage(suite);
  const { dialect } = suite;
  describe(suite.name, () => {
    beforeAll(() => stage.start());
    afterAll(() => stage.stop());
    const noneUnclassified = dialect && unclassified();
    contract(stage);
    if (!dialect) return;
    for (const kind of stage.kinds) failures(stage, dialect, kind);
    if (stage.kinds.includes("embedding")) embeddings(stage, dialect);
    if (stage.kinds.includes("image")) images(stage, dialect);
    if (stage.kinds.includes("text")) {
      texts(stage, dialect);
      objects(stage, dialect);
      streams(stage, dialect);
    }
    noneUnclassified?.();
  });
}
