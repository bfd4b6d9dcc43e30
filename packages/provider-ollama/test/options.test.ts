import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type OllamaOptions, ollama } from "../src/index.ts";
import { ask, failureOf, nothingIsPrintedOrUnknown, shown } from "./shared.ts";

nothingIsPrintedOrUnknown();

/** Where a request would go, with which headers; the answer repeats what it was shown. */
function caught() {
  const asked: { readonly url: string; readonly headers: Headers }[] = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const headers = new Headers(init?.headers);
    asked.push({ url: String(url), headers });
    // Without the word before it, by which a credential would be known for one.
    const values = [...headers.values()].map((value) => value.replace(/^\S+ /, ""));
    return Response.json({ error: `you sent ${values.join()} to ${String(url)}` }, { status: 401 });
  };
  return { asked, fetch };
}

async function asks(options: OllamaOptions) {
  const { asked, fetch } = caught();
  const model = ollama({ ...options, fetch }).text("m");
  const error = await failureOf(model.generate(ask()));
  return { url: asked[0]?.url, headers: asked[0]?.headers, host: model.host, model, error };
}

describe("the host", () => {
  it.each([
    ["", "http://127.0.0.1:11434"],
    [":8080", "http://127.0.0.1:8080"],
    ["gpu", "http://gpu:11434"],
    ["gpu:80", "http://gpu"],
    ["gpu:8080", "http://gpu:8080"],
    ["gpu/ollama/", "http://gpu:11434/ollama"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:8080", "http://127.0.0.1:8080"],
    ["::1", "http://[::1]:11434"],
    ["[::]:8080", "http://[::1]:8080"],
    ["http://gpu", "http://gpu"],
    ["https://gpu.example.com/a/b/", "https://gpu.example.com/a/b"],
    ['"gpu:8080" ', "http://gpu:8080"],
  ])("%j is %s", async (given, expected) => {
    const { url, host } = await asks({ host: given });
    // The client writes the port of a scheme out.
    expect(new URL(url ?? "").href).toBe(`${expected}/api/chat`);
    expect(host).toBe(new URL(expected).host);
  });

  it("is that of the environment, where none is given", async () => {
    vi.stubEnv("OLLAMA_HOST", "gpu:8080");
    expect((await asks({})).host).toBe("gpu:8080");
    expect((await asks({ host: "other" })).host).toBe("other:11434");
    vi.stubEnv("OLLAMA_HOST", "");
    expect((await asks({})).host).toBe("127.0.0.1:11434");
  });

  it.each([
    "ftp://gpu",
    "http://",
    "gpu:port",
    "http://gpu?a=1",
    "http://gpu#a",
    "http://ada:canary%zz@gpu",
    "http://a b",
  ])("%j is refused, and not repeated", (host) => {
    let error: unknown;
    try {
      ollama({ host });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "OPTION_INVALID" });
    expect(shown(error)).not.toContain("canary");
  });
});

describe("secrets", () => {
  const password = "canary7f3a/9b1c5d2e8f40";
  const isUnseen = (secrets: readonly string[], ...values: unknown[]) => {
    for (const secret of secrets)
      expect(values.map((value) => JSON.stringify(value) ?? "").join()).not.toContain(secret);
  };

  it("a user and a password of the address are a header, and are not seen", async () => {
    const pair = Buffer.from(`ada:${password}`).toString("base64");
    const { url, headers, host, model, error } = await asks({
      host: `http://ada:${encodeURIComponent(password)}@gpu:8080`,
    });
    expect(url).toBe("http://gpu:8080/api/chat");
    expect(headers?.get("authorization")).toBe(`Basic ${pair}`);
    expect(error.code).toBe("MODEL_CREDENTIAL_REFUSED");
    isUnseen([password, encodeURIComponent(password), pair], host, model, shown(error));
  });

  it("values of headers are sent, and are not seen", async () => {
    const headers = { Authorization: `Bearer ${password}`, "X-Proxy-Key": "canary-of-a-proxy" };
    const { headers: sent, error, model } = await asks({ host: "http://ada:lovelace-1815@gpu", headers });
    expect(sent?.get("authorization")).toBe(`Bearer ${password}`);
    expect(sent?.get("x-proxy-key")).toBe("canary-of-a-proxy");
    isUnseen([password, "canary-of-a-proxy", "lovelace-1815"], shown(error), model);
  });

  it("a key that the client sends by itself is not seen", async () => {
    vi.stubEnv("OLLAMA_API_KEY", password);
    const { headers, error } = await asks({ host: "https://ollama.com" });
    expect(headers?.get("authorization")).toBe(`Bearer ${password}`);
    isUnseen([password], shown(error));
  });

  it("headers that are none are refused, and not repeated", () => {
    for (const headers of [{ authorization: `${password}\nx` }, { "a b": password }, "canary" as never]) {
      let error: unknown;
      try {
        ollama({ headers });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: "OPTION_INVALID" });
      isUnseen([password], shown(error));
    }
  });

  it("models of one credential share a word that says nothing of it", async () => {
    const word = async (host: string) => (await asks({ host })).model.credential;
    const [one, same, other] = [
      await word("http://ada:canary-1@gpu"),
      await word("http://ada:canary-1@x"),
      await word("http://ada:canary-2@gpu"),
    ];
    expect(one).toBe(same);
    expect(one).not.toBe(other);
    expect(one).not.toContain("canary");
    expect(await word("http://gpu")).toBeUndefined();
  });

  it("one call's headers are not those of the next", async () => {
    vi.stubEnv("OLLAMA_API_KEY", "canary-of-the-first");
    const { asked, fetch } = caught();
    const model = ollama({ host: "https://ollama.com", headers: { "x-a": "1" }, fetch }).text("m");
    await failureOf(model.generate(ask()));
    vi.stubEnv("OLLAMA_API_KEY", "");
    await failureOf(model.generate(ask()));
    expect(asked.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer canary-of-the-first", null]);
  });
});

it("Node's fetch is looked up when it is called", async () => {
  const { asked, fetch } = caught();
  const model = ollama({ host: "gpu" }).text("m");
  vi.stubGlobal("fetch", fetch);
  await failureOf(model.generate(ask()));
  expect(asked).toHaveLength(1);
});

describe("options that are none", () => {
  const embed = (options: object) => () => ollama().embedding("m", options as never);
  const text = (options: object) => () => ollama().text("m", options as never);
  const of = (options: object) => () => ollama(options as never);
  it.each([
    ["a misspelt one", of({ hosts: "gpu" })],
    ["a client", of({ client: {} })],
    ["a pull that is none", of({ pull: true })],
    ["a host that is none", of({ host: 5 })],
    ["a fetch that is none", of({ fetch: 5 })],
    ["headers that are none", of({ headers: 5 })],
    ["no headers", of({ headers: null })],
    ["a header that is no text", of({ headers: { a: 5 } })],
    ["a header of a variable that is not set", of({ headers: { a: undefined } })],
    ["a clock that is none", of({ clock: 5 })],
    ["a misspelt one of pull", of({ pull: { maxByte: 1 } })],
    ["bytes that are none", of({ pull: { maxBytes: 0 } })],
    ["a deadline that is none", of({ pull: { timeout: 5 } })],
    ["patience that is none", of({ pull: { idleTimeout: "soon" } })],
    ["a listener that is none", of({ pull: { onProgress: "log" } })],
    ["an empty list", of({ models: [] })],
    ["a text in place of a list", of({ models: "m" })],
    ["a name with a space", of({ models: ["a b"] })],
    ["a mock for want of a key", of({ mock: "without-key" })],
    ["no options of embeddings", embed(null as never)],
    ["an empty space", embed({ space: " " })],
    ["a space that is no text", embed({ space: 5 })],
    ["a misspelt one of embeddings", embed({ dimension: 3 })],
    ["a context that is none", embed({ contextTokens: 0 })],
    ["a keepAlive that is none", embed({ keepAlive: "always" })],
    ["a misspelt one of texts", text({ maxToken: 3 })],
    ["no options of texts", text(null as never)],
    ["half a token", text({ contextTokens: 1.5 })],
    ["half a token of an answer", text({ maxTokens: 1.5 })],
    ["no token", text({ maxTokens: 0 })],
    ["a text in place of a number", text({ maxTokens: "5" })],
    ["thinking of another kind", text({ think: "lots" })],
    ["no thinking", text({ think: null })],
    ["a model without a name", () => ollama().text(" ")],
    ["a model that is not of the list", () => ollama({ models: ["a", "b"] }).text("c")],
    ["another size of one that is", () => ollama({ models: ["a"] }).embedding("a:7b")],
  ])("%s", (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("an address that is none is shown where it cannot hold a password, by the name of where it was given", () => {
    expect(() => ollama({ host: "ftp://gpu" })).toThrow("ollama.host: expected an address like");
    expect(() => ollama({ host: "ftp://gpu" })).toThrow('got "ftp://gpu"');
    expect(() => ollama({ host: "ftp://a:canary@gpu" })).toThrow('got "(not shown: it may hold a password)"');
    vi.stubEnv("OLLAMA_HOST", "ftp://gpu");
    expect(() => ollama()).toThrow("OLLAMA_HOST: expected an address like");
  });

  it("a keepAlive that is none is named by where it was given", () => {
    expect(text({ keepAlive: "soon" })).toThrow("ollama.text.keepAlive");
    expect(embed({ keepAlive: 5 })).toThrow("ollama.embedding.keepAlive");
  });

  it.each([{ signal: 5 }, { signal: {} }, { timeout: 5 }, { signals: undefined }, null])(
    "of ensureModels: %j",
    async (options) => {
      vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      for (const mock of ["never", "allow-in-production"] as const)
        await expect(ollama({ models: ["a"], mock }).ensureModels(options as never)).rejects.toMatchObject({
          code: "OPTION_INVALID",
        });
    },
  );

  it("a model that is not of the list is told what is", () => {
    expect(() => ollama({ models: ["a", "b"] }).text("c")).toThrow("one of models (a, b)");
    expect(ollama({ models: ["A:latest"] }).text("a").model).toBe("a");
  });
});

describe("a mock", () => {
  const warned = vi.fn();
  beforeEach(() => {
    vi.spyOn(process, "emitWarning").mockImplementation(warned);
  });
  afterEach(() => void warned.mockClear());

  it("is made where that was said, and asks nobody", async () => {
    const { asked, fetch } = caught();
    const { text, embedding } = ollama({ mock: "always", fetch });
    expect(await text("m").generate(ask())).toMatchObject({ isMock: true, provider: "ollama" });
    expect((await embedding("nomic-embed-text").embed({ texts: ["a"] })).vectors[0]).toHaveLength(768);
    expect(asked).toEqual([]);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(ollama().text("m").isMock).toBe(false);
  });

  it("is refused in production, unless whoever wrote it down meant it", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(() => ollama({ mock: "always" })).toThrow(expect.objectContaining({ code: "MODEL_MOCK_REFUSED" }));
    expect(ollama({ mock: "allow-in-production" }).text("m").isMock).toBe(true);
    expect(ollama({ mock: "never" }).text("m").isMock).toBe(false);
  });
});
