import { type Exchange, peek, textOf } from "@semel/ai/provider";
import { type Connection, clientFor } from "./client.ts";
import { shortName } from "./model-name.ts";
import { NoAnswer, Refusal } from "./no-answer.ts";

/** Stands where the name of a model does, and is none: what is asked here is about all of them. */
export const listOfModels = "(list of models)";

/** The short names of what a server has. Whatever has no such list is no Ollama server, and is asked for no pull. */
export async function modelsThere(connection: Connection, exchange: Exchange): Promise<ReadonlySet<string>> {
  try {
    return namesOf(await clientFor(connection, exchange, "whole").list());
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) throw noServer("it has no /api/tags");
    if (error instanceof NoAnswer && error.answer === "page") throw noServer(error.message);
    throw error;
  }
}

function namesOf(answer: unknown): ReadonlySet<string> {
  // An Ollama of old that has none says null.
  const list = peek(answer, "models") ?? (Object.hasOwn(Object(answer), "models") ? [] : undefined);
  const names = Array.isArray(list)
    ? list.map((one: unknown) => textOf(peek(one, "model") ?? peek(one, "name")))
    : [undefined];
  return new Set(
    names.map((name) => {
      if (name === undefined) throw new NoAnswer("page", "it answers /api/tags with no list of models");
      return shortName(name);
    }),
  );
}

/** Another try finds the same one: it is judged as a page is. */
const noServer = (why: string): NoAnswer => new NoAnswer("page", `this is no Ollama server: ${why}`);
