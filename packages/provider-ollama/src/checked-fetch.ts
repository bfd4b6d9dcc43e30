import { type Exchange, headersOf, peek } from "@semel/ai/provider";
import { answerOf, parsed, wordsOf } from "./answer.ts";
import { linesOf } from "./lines.ts";
import { BrokenOff, NoAnswer, Refusal } from "./no-answer.ts";

/** As one JSON text, or as a line of JSON at a time. */
export type Form = "whole" | "lines";

/**
 * A `fetch` for one call. It carries the call's signal, follows no redirect (a prompt would go where nobody has said it may), and lets
 * only right answers through to the client, which prints the others, loses their headers, or takes them for answers.
 */
export function checkedFetch(fetch: typeof globalThis.fetch, exchange: Exchange, form: Form): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, signal: exchange.signal, redirect: "manual" });
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      void response.body?.cancel().catch(() => {});
      throw new NoAnswer(
        "page",
        "it redirects elsewhere, and is not followed; give the address it redirects to as host",
      );
    }
    if (!response.ok) throw new Refusal(response.status, headersOf(response.headers), await reasonOf(response));
    // Of a refusal they are among its facts, and told from there.
    exchange.headers(headersOf(response.headers));
    if (form === "lines") return { ok: true, body: linesOf(response) } as unknown as Response;
    const data = answerOf(await wholeOf(response));
    return { ok: true, json: async () => data } as unknown as Response;
  };
}

async function wholeOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw new BrokenOff(error);
  }
}

/** Why it says no; a connection that breaks off here does not change that it does. */
async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  const error = peek(parsed(text), "error");
  const words = error === undefined || error === null ? text : wordsOf(error);
  return words.trim() || `status ${response.status}`;
}
