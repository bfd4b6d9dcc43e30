import type { FailureClass, ModelErrorCode } from "@semel/core";

/** Wrong answers by name. */
export type AnswerFaultName =
  | "too-few-vectors"
  | "too-many-vectors"
  | "wrong-index"
  | "wrong-dimensions"
  | "not-a-number"
  | "all-zeros"
  | "no-finish"
  | "empty-answer"
  | "cut"
  | "blocked"
  | "stream-reset"
  | "stream-error"
  | "stream-silence"
  | "no-picture"
  | "not-a-picture";

/** An answer that arrives, and is none. */
export interface AnswerFault {
  /** What has to be asked for it to happen. */
  readonly of: "embedding" | "text" | "stream" | "image";
  readonly code: ModelErrorCode;
  readonly failureClass: FailureClass;
}

const invalid = { code: "MODEL_ANSWER_INVALID", failureClass: "retry" } as const;

/** Wrong answers, by kind of model; `text` is of texts, streams and data alike. */
export const answerFaults: Readonly<Record<AnswerFaultName, AnswerFault>> = {
  "too-few-vectors": { of: "embedding", ...invalid },
  "too-many-vectors": { of: "embedding", ...invalid },
  "wrong-index": { of: "embedding", ...invalid },
  "wrong-dimensions": { of: "embedding", ...invalid },
  "not-a-number": { of: "embedding", ...invalid },
  "all-zeros": { of: "embedding", ...invalid },
  "no-finish": { of: "text", ...invalid },
  "empty-answer": { of: "text", ...invalid },
  cut: { of: "text", code: "MODEL_OUTPUT_CUT", failureClass: "fail" },
  blocked: { of: "text", code: "MODEL_CONTENT_BLOCKED", failureClass: "fail" },
  "stream-reset": { of: "stream", code: "MODEL_FAILED", failureClass: "retry" },
  "stream-error": { of: "stream", code: "MODEL_FAILED", failureClass: "retry" },
  "stream-silence": { of: "stream", code: "MODEL_TIMEOUT", failureClass: "retry" },
  "no-picture": { of: "image", ...invalid },
  "not-a-picture": { of: "image", ...invalid },
};
