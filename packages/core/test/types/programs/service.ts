/** (b) A service put together by a container: `Semel` is the token, a processor gets what it needs in its constructor. */
import { createSemel, defineJob, type JobContext, Processor, Semel, SemelError, type Worker } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";
import { FakeDatabase, FakeOpenAI } from "./stand-ins.ts";

const summarize = defineJob({
  type: "summarize-document",
  payload: z.object({ documentId: z.string(), revision: z.number().int() }),
  result: z.object({ summaryId: z.string() }),
  tenant: "required",
  correlation: ["documentId", "revision"],
  timeout: "2m",
});

class SummarizeProcessor extends Processor.of(summarize) {
  readonly #database: FakeDatabase;
  readonly #openai: FakeOpenAI;

  constructor(database: FakeDatabase, openai: FakeOpenAI) {
    super();
    this.#database = database;
    this.#openai = openai;
  }

  async process({ payload, tenant, once, deadLetter }: JobContext<typeof summarize>) {
    const document = await this.#database.find("documents", tenant, payload.documentId);
    if (!document) return deadLetter("document is gone");
    // Read before the step: inside a closure the compiler forgets that `document` is there.
    const input = String(document.text);
    const tokens = await once("summarize", async ({ key, signal }) => {
      const answer = await this.#openai.embeddings.create({ model: "small", input }, { idempotencyKey: key, signal });
      return answer.usage.total_tokens;
    });
    const id = `${payload.documentId}@${payload.revision}`;
    const row = await this.#database.upsert("summaries", { id, tenant, tokens });
    return { summaryId: row.id };
  }
}

interface Reply {
  readonly status: 202 | 404 | 409 | 422 | 503;
  readonly body: unknown;
}

class DocumentsController {
  readonly #semel: Semel;

  constructor(semel: Semel) {
    this.#semel = semel;
  }

  async postSummary(organization: string, documentId: string, revision: unknown): Promise<Reply> {
    try {
      // What came over the wire is `unknown`; the job's own schema is the validation.
      const payload = { documentId, revision: revision as number };
      const { id, outcome } = await this.#semel.forTenant(organization).enqueue(summarize, payload);
      return { status: 202, body: { id, outcome } };
    } catch (error) {
      if (SemelError.isInstance(error)) return { status: statusOf(error), body: error };
      throw error;
    }
  }

  async getJob(organization: string, id: string): Promise<Reply> {
    const job = await this.#semel.forTenant(organization).status(summarize, id);
    return job ? { status: 202, body: { state: job.state, result: job.result } } : { status: 404, body: undefined };
  }
}

function statusOf({ code }: SemelError): Reply["status"] {
  if (code === "PAYLOAD_INVALID") return 422;
  return code === "CORRELATION_CONFLICT" ? 409 : 503;
}

/** The least a container does: makes each thing once, by its class, also where the class is abstract. */
class Container {
  readonly #made = new Map<unknown, unknown>();

  provide<T>(token: abstract new (...args: never[]) => T, value: T): this {
    this.#made.set(token, value);
    return this;
  }

  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.#made.get(token) as T;
  }
}

export interface Service {
  readonly documents: DocumentsController;
  readonly database: FakeDatabase;
  readonly openai: FakeOpenAI;
  readonly worker: Worker;
  close(): Promise<void>;
}

export function service(): Service {
  const container = new Container()
    .provide(FakeDatabase, new FakeDatabase())
    .provide(FakeOpenAI, new FakeOpenAI())
    .provide(Semel, createSemel({ ...memory(), logger: false }));
  const semel = container.get(Semel);
  const [database, openai] = [container.get(FakeDatabase), container.get(FakeOpenAI)];
  const worker = semel.worker({ processors: [new SummarizeProcessor(database, openai)] });
  const documents = new DocumentsController(semel);
  return { documents, database, openai, worker, close: () => semel.close() };
}
