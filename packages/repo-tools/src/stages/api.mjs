import { relative } from "node:path";
import { apiEntries, apiReports, committedReport } from "../api-report.mjs";
import { errorCodesCheck } from "../error-codes.mjs";
import { root } from "../repository.mjs";
import { tally } from "./stage.mjs";

/** Lines of a difference that are shown: enough to see what it is about. */
const shown = 20;

/** @type {import("./stage.mjs").Stage} */
export const api = {
  name: "api",
  about:
    "the public surface of every package and every error code is the one that is committed; npm run api commits another",
  needsBuild: true,
  async run() {
    const entries = apiEntries();
    const reports = await apiReports(entries);
    return tally([
      await errorCodesCheck(),
      ...entries.map((entry, index) => {
        const committed = committedReport(entry);
        const report = reports[index] ?? "";
        if (committed === report) return { title: entry.title };
        const where = relative(root, entry.report);
        const changes = committed === undefined ? ["it is not there"] : difference(committed, report);
        return { title: entry.title, problem: `${where}: npm run api writes it anew\n${changes.join("\n")}` };
      }),
    ]);
  },
};

/**
 * The lines that only one of the two has.
 *
 * @param {string} before
 * @param {string} after
 */
function difference(before, after) {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const [inOld, inNow] = [new Set(old), new Set(now)];
  const lines = [
    ...old.filter((line) => !inNow.has(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !inOld.has(line)).map((line) => `+ ${line}`),
  ];
  if (lines.length === 0) return ["the same lines in another order"];
  return lines.length > shown ? [...lines.slice(0, shown), `… and ${lines.length - shown} more`] : lines;
}
