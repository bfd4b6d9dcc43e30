import { peek } from "@semel/ai/provider";
import { ErrorBody, NoAnswer } from "./failure.ts";

/** The body of an answer. The client resolves with whatever came under status 200: also with an error, a page, or nothing. */
export function answerOf(data: unknown): object {
  if (typeof data === "string") throw new NoAnswer(data.trim() === "" ? "broken" : "page");
  if (typeof data !== "object" || data === null) throw new NoAnswer("broken");
  const error = peek(data, "error");
  if (error !== undefined && error !== null) throw new ErrorBody(error);
  return data;
}
