import type { Exchange } from "@semel/ai/provider";
import { ModelError } from "@semel/core";
import { failure, insufficientMemory, modelNotFound } from "./failure.ts";

/** What a server lacks, and the adapter can do more about than the kit's table. */
export interface Lacks {
  readonly model: string;
  /** What the call is to be told where the server has no such model. */
  readonly missing: () => ModelError;
}

/** Runs a request; a model that is missing, or too large for the machine, is told as such. */
export async function remedied<T>({ model, missing }: Lacks, { signal }: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw error;
    const { code, status, message } = failure(error);
    if (code === modelNotFound) throw missing();
    if (code === insufficientMemory)
      // Not the table's: by its status it would be tried again, and there is no more memory the next time. Another model may do.
      throw new ModelError("MODEL_UNSUPPORTED", `ollama ${model}: the machine is too small for it${sizesIn(message)}`, {
        ...{ provider: "ollama", model, status, providerCode: code, failureClass: "fail" },
        usage: { certainty: "actual", inputTokens: 0, outputTokens: 0 },
        details: { status, providerCode: code },
      });
    throw error;
  }
}

/** How much it needs and how much there is, where the server says so; none of its other words, which nobody has redacted. */
function sizesIn(message: string): string {
  const [needed, free] = message.match(/\b\d{1,6}(\.\d{1,3})? [KMGT]i?B\b/g) ?? [];
  return needed && free ? `: it needs ${needed} of memory, and ${free} are free` : "";
}
