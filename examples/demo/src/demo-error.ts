/** What the person at the keyboard can put right; shown as one line, without a stack. */
export type DemoErrorCode =
  | "ARGUMENT_INVALID"
  | "FOLDER_NOT_FOUND"
  | "FOLDER_UNREADABLE"
  | "NOT_A_FOLDER"
  | "NOTHING_TO_INDEX"
  | "NOTHING_INDEXED"
  | "REDIS_UNUSABLE"
  | "STATE_IN_USE"
  | "STATE_UNUSABLE";

export class DemoError extends Error {
  readonly code: DemoErrorCode;

  constructor(code: DemoErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** 0: what was claimed holds. 1: it does not. 2: the request makes no sense. 130, 143: stopped by a signal. */
export const exitCodes = { holds: 0, broken: 1, usage: 2 } as const;
