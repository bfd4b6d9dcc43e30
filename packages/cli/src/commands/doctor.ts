import type { Command } from "../command.ts";
import { judgeBackend } from "../doctor/backend.ts";
import { judgeJobs } from "../doctor/jobs.ts";
import { type Judgement, well } from "../doctor/judgement.ts";
import { exitCode } from "../exit-code.ts";
import type { Shade } from "../output/colour.ts";

const marks: Readonly<Record<Judgement["level"], readonly [Shade, string]>> = {
  ok: ["running", "ok         "],
  warning: ["waiting", "warning    "],
  "must-change": ["dead", "must change"],
};

/** Looks at everything, and says what to change. */
export const doctor: Command = async (scene) => {
  const { semel, report, now, target } = scene;
  const judgements: Judgement[] = [well(`Node ${process.versions.node}`), ...(await judgeBackend(scene))];
  if (judgements.every(({ level }) => level !== "must-change")) {
    const [queues, workers] = await Promise.all([semel.counts(), semel.workers()]);
    judgements.push(...judgeJobs(queues, workers, now, target.kind === "embedded"));
  }
  for (const judgement of judgements) await report.each(judgement);
  await report.end(() =>
    judgements
      .map(({ level, what, advice }) => {
        const [shade, mark] = marks[level];
        return `${report.paint(shade, mark)}  ${what}${advice ? `\n             ${report.paint("faint", advice)}` : ""}`;
      })
      .join("\n"),
  );
  return judgements.some(({ level }) => level === "must-change") ? exitCode.unwell : exitCode.ok;
};
