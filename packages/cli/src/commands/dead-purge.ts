import type { Command } from "../command.ts";
import { usage } from "../complaint.ts";
import { confirm } from "../confirm.ts";
import { exitCode } from "../exit-code.ts";
import { type FilterOptions, filterOf, isEmpty } from "./dead-filter.ts";

export interface PurgeOptions extends FilterOptions {
  readonly all?: boolean | undefined;
}

/** Removes letters for good; says how many first. */
export const deadPurge =
  (options: PurgeOptions): Command =>
  async (scene) => {
    const { semel, report } = scene;
    const filter = filterOf(options);
    if (isEmpty(filter) && !options.all) throw usage("which letters? Say --type, --reason, --older-than …, or --all");
    // Those of now: what dies while somebody thinks about it stays.
    const groups = await semel.deadLetters.groups(filter);
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    if (count > 0) await confirm(scene, `This removes ${count} dead letters for good, with their payloads`);
    const purged = count > 0 ? await semel.deadLetters.purge(isEmpty(filter) ? { olderThan: "0s" } : filter) : 0;
    await report.one({ purged }, () => (purged === 0 ? "No dead letters match." : `${purged} removed`));
    return exitCode.ok;
  };
