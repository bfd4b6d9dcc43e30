/** One line of what a run found out. */
export interface Figure {
  /** What was counted or measured. */
  readonly what: string;
  readonly value: string;
  /** What it has to be for the promise to hold; `""`: it is only told. */
  readonly limit: string;
  readonly verdict: "ok" | "BROKEN" | "";
}

const verdictOf = (holds: boolean): Figure["verdict"] => (holds ? "ok" : "BROKEN");

/** A count that has to be this one. */
export const exactly = (what: string, wanted: number, got: number): Figure => ({
  what,
  value: text(got),
  limit: `= ${text(wanted)}`,
  verdict: verdictOf(got === wanted),
});

export const atMost = (what: string, most: number, got: number, unit = ""): Figure => ({
  what,
  value: text(got) + unit,
  limit: `≤ ${text(most)}${unit}`,
  verdict: verdictOf(got <= most),
});

/** Nothing hangs on it; it says how much the others rest on. */
export const told = (what: string, value: number | string): Figure => ({
  what,
  value: typeof value === "number" ? text(value) : value,
  limit: "",
  verdict: "",
});

/** What must not be; a few of them are named. */
export const none = (what: string, found: readonly string[]): Figure => ({
  what,
  value: found.length === 0 ? "0" : `${text(found.length)}: ${found.slice(0, 3).join("; ")}`,
  limit: "= 0",
  verdict: verdictOf(found.length === 0),
});

const text = (value: number): string =>
  value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 });

export const isBroken = ({ verdict }: Figure): boolean => verdict === "BROKEN";
