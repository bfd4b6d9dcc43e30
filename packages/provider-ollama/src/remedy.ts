import type { Exchange } from "@semel/ai/provider";
import type { ModelError } from "@semel/core";
import { failure, modelNotFound } from "./failure.ts";

/** What a server may lack. */
export interface Lacks {
  readonly model: string;
  /** What the call is to be told where the server has no such model. */
  readonly missing: () => ModelError;
}

/** Runs a request; that a model is missing is told by whoever can pull it. */
export async function remedied<T>({ model, missing }: Lacks, { signal }: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw error;
    if (failure(error).code === modelNotFound) throw missing();
    throw error;
  }
}
