/** One thing doctor looked at. */
export interface Judgement {
  /** `must-change`: jobs may be lost or will not run. `warning`: it works, and could be better. */
  readonly level: "ok" | "warning" | "must-change";
  readonly what: string;
  /** What to do about it; absent where all is well. */
  readonly advice?: string | undefined;
}

export const well = (what: string): Judgement => ({ level: "ok", what });
