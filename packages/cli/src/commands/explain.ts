import type { Command } from "../command.ts";
import { exitCode } from "../exit-code.ts";
import { ago } from "../output/age.ts";
import { printable } from "../output/printable.ts";
import { unknownJob } from "./show.ts";

export const explain =
  (id: string): Command =>
  async ({ semel, report, now }) => {
    const why = await semel.explain(id);
    if (why.length === 0) throw unknownJob(id);
    await report.one({ id, explanations: why }, () =>
      why
        .map(({ code, text, until }, index) => {
          const line = `${code}: ${printable(text)}${until ? ` (may change ${ago(until, now)})` : ""}`;
          return index === 0 ? line : report.paint("faint", line);
        })
        .join("\n"),
    );
    return exitCode.ok;
  };
