import { styleText } from "node:util";
import type { Io } from "../io.ts";

type Format = Parameters<typeof styleText>[0];

export type Shade = "waiting" | "delayed" | "running" | "dead" | "faint" | "strong";

/** The four colours of states, the same everywhere, and what else stands out. */
const formats: Readonly<Record<Shade, Format>> = {
  waiting: "yellow",
  delayed: "cyan",
  running: "green",
  dead: "red",
  faint: "dim",
  strong: "bold",
};
export type Paint = (shade: Shade, text: string) => string;

/** Colours where somebody sees them: NO_COLOR and FORCE_COLOR decide (no-color.org), then whether it is a terminal. */
export function painter({ out, env }: Pick<Io, "out" | "env">, wanted: boolean): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0";
  const isOn = wanted && (env.NO_COLOR === undefined || env.NO_COLOR === "") && (forced || out.isTTY === true);
  return (shade, text) => (isOn ? styleText(formats[shade], text, { validateStream: false }) : text);
}
