import type { Which } from "@semel/core";
import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { exitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";

const named = (which: Which | undefined): string =>
  which?.type !== undefined
    ? `type ${printable(which.type)}`
    : which?.queue !== undefined
      ? `queue ${printable(which.queue)}`
      : "every queue";

export const pause =
  (which: Which | undefined): Command =>
  async (scene) => {
    if (which === undefined) await confirm(scene, "This pauses every queue, for every worker");
    await scene.semel.pause(which);
    await scene.report.one({ paused: which ?? "all" }, () => `paused: ${named(which)}; what runs goes on`);
    return exitCode.ok;
  };

export const resume =
  (which: Which | undefined): Command =>
  async ({ semel, report }) => {
    await semel.resume(which);
    await report.one({ resumed: which ?? "all" }, () => `resumed: ${named(which)}`);
    return exitCode.ok;
  };
