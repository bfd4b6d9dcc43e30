import type { HeadersLike } from "@semel/ai/provider";

// What the checked fetch throws in place of an answer. The client never sees one of these answers: it would print them.

/** The server said no: its status, what it said of rates, and its words. */
export class Refusal {
  readonly status: number;
  readonly headers: HeadersLike | undefined;
  readonly message: string;
  constructor(status: number, headers: HeadersLike | undefined, message: string) {
    this.status = status;
    this.headers = headers;
    this.message = message;
  }
}

/** An error under status 200: in place of an answer, or as a line of a stream. */
export class ErrorLine {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Under status 200, what is no answer: a page, broken JSON, a stream without its end. */
export class NoAnswer {
  readonly answer: "page" | "broken";
  readonly message: string;
  constructor(answer: "page" | "broken", message: string) {
    this.answer = answer;
    this.message = message;
  }
}

/** The answer had begun, and the connection is gone. */
export class BrokenOff {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}
