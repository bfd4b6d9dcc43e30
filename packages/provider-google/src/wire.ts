import { type Exchange, peek } from "@semel/ai/provider";
import type { GoogleClient } from "./client.ts";
import { NoAnswer, Refusal } from "./failure.ts";

type Fetch = typeof fetch;

/**
 * What goes with every request, beside what is asked: its signal; no retries and no timeout of the client's, whatever a client of the user's was told.
 * The answer is looked at before the client is: it drops the headers of refusals, and reads errors under status 200 as answers without content.
 */
export const sent = (client: GoogleClient, exchange: Exchange, form: "whole" | "stream" = "whole"): object => ({
  abortSignal: exchange.signal,
  httpOptions: { timeout: 0, retryOptions: { attempts: 1 }, fetch: watched(client, exchange, form) },
});

function watched(client: GoogleClient, exchange: Exchange, form: "whole" | "stream"): Fetch {
  // A client of the user's may have a fetch of its own, for a proxy.
  const own = peek(peek(client, "httpOptions"), "fetch") as Fetch | undefined;
  return async (input, init) => {
    const response = await (own ? own(input, init) : fetch(input, patient(init)));
    const { status, headers } = response;
    if (!response.ok) throw new Refusal(await response.text().catch(() => ""), status, headers);
    exchange.headers(headers);
    const type = headers.get("content-type") ?? "";
    if (form === "stream" && !/json|html|plain/.test(type)) return response;
    const bytes = Buffer.from(await response.arrayBuffer());
    lookAt(bytes, type);
    return new Response(bytes, { status, headers });
  };
}

/** As far as it has to be seen that an answer is none. Most are long, and the client reads them anyway. */
const headBytes = 200;

function lookAt(bytes: Buffer, type: string): void {
  const head = bytes.toString("utf8", 0, headBytes).trimStart();
  if (/^\[?\s*\{\s*"error"\s*:/.test(head)) throw new Refusal(bytes.toString());
  if (head === "") throw new NoAnswer("broken");
  if (head.startsWith("<") || !type.includes("json")) throw new NoAnswer("page");
  if (!head.startsWith("{")) throw new NoAnswer("broken");
}

interface Dispatcher {
  dispatch(options: object, handler: object): boolean;
}

/** Node's fetch gives up after five minutes without a byte, unless its dispatcher is told otherwise. The deadline is the kit's. */
function patient(init: RequestInit | undefined): RequestInit | undefined {
  const shared = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1")) as Dispatcher | undefined;
  if (!shared) return init;
  const dispatch: Dispatcher["dispatch"] = (options, handler) =>
    shared.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  return { ...init, dispatcher: { dispatch } } as RequestInit;
}
