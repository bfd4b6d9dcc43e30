import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { embedderOf } from "../src/embedder.ts";

const OPENAI_API_KEY = "sk-of-a-test-0123456789abcdef";

describe("what the demo says of its models", () => {
  it.each([
    [{ OPENAI_API_KEY }, "at api.openai.com: real calls, which are charged to your key"],
    [{ OPENAI_API_KEY, OPENAI_BASE_URL: "https://models.example/v1" }, ": real calls to models.example"],
    [{ OPENAI_API_KEY, OPENAI_BASE_URL: "http://localhost:8000/v1" }, ": real calls to your own machine"],
    [{ OLLAMA_HOST: "gpu.example" }, ": real calls to gpu.example:11434"],
    [{ OLLAMA_HOST: "127.0.0.1.example" }, ": real calls to 127.0.0.1.example:11434"],
    [{ OLLAMA_HOST: "[::1]:9" }, ": real calls to your own machine"],
    [{ OLLAMA_HOST: "0.0.0.0" }, ": real calls to your own machine"],
    [{ OLLAMA_HOST: " ", OPENAI_API_KEY: "\t" }, "lexical, made here"],
  ])("%j", async (env, said) => {
    expect((await embedderOf({ model: undefined }, env)).about).toContain(said);
  });
});

it.each(["openai", "ollama"] as const)(
  "%s that is silent is not waited for long, and is told to be asked",
  async (model) => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { OPENAI_API_KEY, OPENAI_BASE_URL: `http://${host}/v1`, OLLAMA_HOST: host };
    const told: string[] = [];
    try {
      const embedder = await embedderOf({ model }, env, 50);
      const asked = embedder.prepare((text) => void told.push(text), new AbortController().signal);
      await expect(asked).rejects.toMatchObject({
        code: "MODEL_TIMEOUT",
        message: `${model} at ${host} has not answered within 0.05 s; --model lexical needs nobody`,
      });
      expect(told).toEqual([`asking ${model} at ${host} whether it answers`]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);
