import type { Bench } from "../src/row.ts";

/** A bench that says nothing. */
export const silent: Bench = {
  form: "short",
  only: undefined,
  cases: undefined,
  progress: { begin: () => {}, at: () => {}, note: () => {}, end: () => {} },
};
