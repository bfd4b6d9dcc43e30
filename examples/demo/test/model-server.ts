import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { lexicalEmbedding } from "../src/lexical-embedding.ts";

interface Requests {
  count: number;
  texts: number;
}

/** A server on loopback that passes for OpenAI and for Ollama, as far as the demo asks. */
export async function modelServer(): Promise<
  AsyncDisposable & { readonly url: string; readonly openai: Requests; readonly ollama: Requests }
> {
  const openai: Requests = { count: 0, texts: 0 };
  const ollama: Requests = { count: 0, texts: 0 };
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const body = await bodyOf(request);
    const texts = [body.input ?? []].flat();
    const path = request.url ?? "";
    if (path === "/api/tags") return answer(200, { models: [{ name: "nomic-embed-text:latest", size: 1 }] });
    if (path === "/v1/embeddings") {
      const sent = request.headers.authorization ?? "";
      if (sent.includes("wrong"))
        return answer(401, { error: { message: `no such key: ${sent}`, code: "invalid_api_key" } });
      openai.count++;
      openai.texts += texts.length;
      const data = texts.map((text, index) => ({ index, embedding: [...lexicalEmbedding(text)] }));
      return answer(200, { object: "list", model: "of-test", data, usage: { prompt_tokens: 1, total_tokens: 1 } });
    }
    if (path === "/api/embed") {
      ollama.count++;
      ollama.texts += texts.length;
      const embeddings = texts.map((text) => [...lexicalEmbedding(text), ...new Array(256).fill(0)]);
      return answer(200, { model: "nomic-embed-text", embeddings, prompt_eval_count: 1 });
    }
    if (path === "/api/pull") {
      // It begins, and goes on for as long as anybody listens.
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write('{"status":"pulling 1","digest":"sha256:1","total":1000000,"completed":10}\n');
      return;
    }
    answer(404, { error: `no such place: ${path}` });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    openai,
    ollama,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly input?: string | readonly string[] }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : (JSON.parse(text) as { readonly input?: string | readonly string[] });
}
