#!/usr/bin/env node
// npm run api: writes down the public surface of every package, its files and the error codes, to be committed with the change that caused it.
import { relative } from "node:path";
import { apiEntries, apiReports, commitReport, committedReport } from "../src/api-report.mjs";
import { commitErrorCodes } from "../src/error-codes.mjs";
import { commitFileLists } from "../src/file-list.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  await prepare(process.stdout);
  const entries = apiEntries();
  const reports = await apiReports(entries);
  let changed = 0;
  for (const [index, entry] of entries.entries()) {
    const report = reports[index] ?? "";
    if (committedReport(entry) === report) continue;
    commitReport(entry, report);
    console.log(`written: ${relative(root, entry.report)}`);
    changed += 1;
  }
  for (const path of [...(await commitFileLists()), await commitErrorCodes()]) {
    if (path === undefined) continue;
    console.log(`written: ${path}`);
    changed += 1;
  }
  if (changed === 0) console.log("unchanged");
});
