import type { Exchange } from "@semel/ai/provider";
import type { ModelError } from "@semel/core";
import { failure, modelNotFound } from "./failure.ts";

/** Runs a request; where the server has no such model, the call is told what `missing` says, and that may start a pull. */
export async function remedied<T>(missing: () => ModelError, { signal }: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted && failure(error).code === modelNotFound) throw missing();
    throw error;
  }
}
