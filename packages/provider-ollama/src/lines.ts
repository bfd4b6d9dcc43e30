import { peek } from "@semel/ai/provider";
import { answerOf } from "./answer.ts";
import { BrokenOff, NoAnswer } from "./no-answer.ts";

/**
 * The body of a stream, line by line, each one looked at before the client gets it. It fails where a line is no answer, and where the
 * last one does not say that all is done.
 */
export const linesOf = (response: Response): ReadableStream<Uint8Array> => ReadableStream.from(checked(response));

async function* checked({ body }: Response): AsyncGenerator<Uint8Array> {
  if (!body) throw new NoAnswer("broken", "it answered with nothing");
  const encoder = new TextEncoder();
  const chunks = body.getReader();
  let count = 0;
  for await (const line of split(chunks)) {
    const data = answerOf(line);
    count += 1;
    const isLast = peek(data, "done") === true || peek(data, "status") === "success";
    yield encoder.encode(`${line}\n`);
    // The client stops reading here; fetch takes in what ends the body, and the connection is free for the next call.
    if (isLast) return;
  }
  throw new NoAnswer(
    "broken",
    count === 0 ? "it answered with nothing" : "the stream ended before it said that it is done",
  );
}

type Chunks = ReadableStreamDefaultReader<Uint8Array>;

async function* split(chunks: Chunks): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await chunks.read().catch((error: unknown) => {
      throw new BrokenOff(error);
    });
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim() !== "") yield line;
    if (done) return;
  }
}
