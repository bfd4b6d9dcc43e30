// node extract-api.mjs <package folder> <declarations> <output folder>: one API report, see api-report.mjs.
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const [folder = "", types = "", output = ""] = process.argv.slice(2);

// What is wrong with types and comments, other checks say.
const quiet = { default: { logLevel: ExtractorLogLevel.None } };

const config = ExtractorConfig.prepare({
  packageJsonFullPath: join(folder, "package.json"),
  configObjectFullPath: undefined,
  configObject: {
    projectFolder: folder,
    mainEntryPointFilePath: types,
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: "es2023",
          lib: ["es2024", "esnext.disposable"],
          module: "nodenext",
          types: ["node"],
          strict: true,
          skipLibCheck: true,
        },
        files: [types],
      },
    },
    newlineKind: "lf",
    apiReport: { enabled: true, reportFolder: output, reportTempFolder: output, reportFileName: "report.api.md" },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      extractorMessageReporting: quiet,
      tsdocMessageReporting: quiet,
      compilerMessageReporting: quiet,
    },
  },
});
/** @type {string[]} */
const problems = [];
const { succeeded } = Extractor.invoke(config, {
  localBuild: true,
  messageCallback(message) {
    if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text);
    message.handled = true;
  },
});
if (!succeeded) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
}
