import { causeCodeOf, embeddingModel, type FailureFacts, headersOf, peek, textModel, textOf } from "@semel/ai/provider";
import { type CreateModels, describeModels, type ModelDialect } from "../../../src/models/index.ts";

// One adapter, and what is wrong with it: each flaw is one that authors of adapters make.

type Flaw = "no hasBegun" | "no clock" | "no signal" | "no secrets" | "no dimensions" | "no text model" | "no facts";

const dialect: ModelDialect = {
  embeddings: (vectors) => ({ vectors: vectors.map(({ values }) => values) }),
  text: ({ text, finish }) => ({ text, finish, inputTokens: 5, outputTokens: 3 }),
  stream: (pieces, finish) =>
    [...pieces.map((text) => ({ text })), ...(finish ? [{ finish, inputTokens: 5, outputTokens: 3 }] : [])].map(
      (piece) => `${JSON.stringify(piece)}\n`,
    ),
  error: ({ code, message }) => ({ error: { code, message } }),
  codes: {},
};

const thrown = (facts: FailureFacts): Error => Object.assign(new Error(facts.message), { facts });

function create({ url, apiKey, clock, dimensions }: CreateModels, flaw: Flaw) {
  const begun = flaw === "no hasBegun" ? {} : { hasBegun: true };
  const post = (path: string, signal: AbortSignal): Promise<Response> =>
    fetch(`${url}/${path}`, { method: "POST", body: "{}", signal: flaw === "no signal" ? null : signal });
  const brokenOff = (error: unknown): never => {
    throw thrown({ message: "it broke off", cause: causeCodeOf(error) ?? "ECONNRESET", ...begun });
  };
  const bodyOf = async (response: Response): Promise<unknown> => {
    const text = await response.text().catch(brokenOff);
    const { ok, status, headers } = response;
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      if (ok) throw thrown({ answer: text.startsWith("<") ? "page" : "broken", message: "no JSON" });
    }
    const error = peek(body, "error");
    if (ok && !error) return body;
    if (flaw === "no facts") throw new Error("it failed");
    const said = { code: textOf(peek(error, "code")), message: textOf(peek(error, "message")) ?? `status ${status}` };
    throw thrown(ok ? { ...said, answer: "error" } : { ...said, status, headers: headersOf(headers) });
  };
  async function* piecesOf(response: Response) {
    if (!response.ok) await bodyOf(response);
    let rest = "";
    const decoder = new TextDecoder();
    const chunks = response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>();
    try {
      for await (const chunk of chunks) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line);
      }
    } catch (error) {
      brokenOff(error);
    }
  }
  const common = {
    provider: "broken",
    model: "broken-1",
    host: "broken.test",
    isMock: false,
    clock: flaw === "no clock" ? undefined : clock,
    secrets: flaw === "no secrets" ? [] : [apiKey],
    failure: (error: unknown) =>
      (peek(error, "facts") as FailureFacts | undefined) ?? { message: String(error), cause: causeCodeOf(error) },
  };
  const embedding = embeddingModel({
    ...common,
    limits: { maxItems: 16, maxTokens: 100_000, maxItemTokens: 8_000 },
    dimensions: flaw === "no dimensions" ? undefined : dimensions,
    send: async (_, { signal }) => {
      const vectors = peek(await bodyOf(await post("embed", signal)), "vectors") as number[][];
      return { vectors: vectors.map((values) => ({ values })) };
    },
  });
  const text = textModel({
    ...common,
    features: { stream: true, object: "enforced" },
    send: async (_, { signal }) => (await bodyOf(await post("text", signal))) as object,
    open: async (_, { signal }) => piecesOf(await post("stream", signal)),
  });
  return flaw === "no text model" ? { embedding } : { embedding, text };
}

const flaws: readonly Flaw[] = [
  "no hasBegun",
  "no clock",
  "no signal",
  "no secrets",
  "no dimensions",
  "no text model",
  "no facts",
];
for (const flaw of flaws) describeModels({ name: flaw, dialect, create: (at) => create(at, flaw) });
