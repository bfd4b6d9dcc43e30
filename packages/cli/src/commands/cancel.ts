import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { exitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { unknownJob } from "./show.ts";

const words = {
  cancelled: "cancelled: it was waiting, and will not run",
  requested: "requested: it is running, and is told to stop",
  finished: "too late: it has ended",
} as const;

export const cancel =
  (id: string, reason: string | undefined): Command =>
  async (scene) => {
    const status = await scene.semel.status(id);
    if (!status) throw unknownJob(id);
    await confirm(scene, `This cancels ${printable(status.type)} ${printable(id)}, which is ${status.state}`);
    const outcome = await scene.semel.cancel(id, reason);
    if (outcome === "unknown") throw unknownJob(id);
    await scene.report.one({ id, outcome }, () => words[outcome]);
    return outcome === "finished" ? exitCode.unwell : exitCode.ok;
  };
