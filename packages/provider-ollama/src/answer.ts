import { peek } from "@semel/ai/provider";
import { ErrorLine, NoAnswer } from "./no-answer.ts";

/** The data of one JSON text. @throws what it is instead of an answer */
export function answerOf(text: string): object {
  const data = parsed(text);
  if (typeof data !== "object" || data === null) {
    if (text.trim() === "") throw new NoAnswer("broken", "it answered with nothing");
    if (!/^\s*[{[]/.test(text)) throw new NoAnswer("page", "it answered with a page or a text");
    throw new NoAnswer("broken", "its JSON is broken");
  }
  const error = peek(data, "error");
  if (error !== undefined && error !== null) throw new ErrorLine(wordsOf(error));
  return data;
}

/** `undefined`: it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an error says, whichever form it has. */
export const wordsOf = (error: unknown): string => {
  if (typeof error === "string") return error;
  const message = peek(error, "message");
  return typeof message === "string" ? message : (JSON.stringify(error) ?? "no reason was given");
};
