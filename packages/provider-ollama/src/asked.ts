import { type Exchange, embeddingModel, type ModelOptions } from "@semel/ai/provider";
import type { ModelCall } from "@semel/core";

/** Any one, of length one. */
const vector = { values: [1] };

/**
 * Runs an exchange that is no call of a model: the list of models, a pull. Deadline, signal, judgement and redaction are the kit's, and
 * the kit runs models only; so it is run as a call of one, whose answer nobody looks at.
 */
export async function asked<T>(
  options: ModelOptions,
  call: ModelCall,
  work: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  const answers: T[] = [];
  const exchange = embeddingModel({
    ...options,
    limits: { maxItems: 1, maxTokens: 1, maxItemTokens: 1 },
    countTokens: () => 1,
    send: async (_, exchange) => {
      answers.push(await work(exchange));
      return { vectors: [vector], inputTokens: 0 };
    },
  });
  await exchange.embed({ texts: ["-"] }, call);
  return answers[0] as T;
}
