import { library } from "@semel/repo-tools/tsdown";

export default library({
  index: "src/index.ts",
  models: "src/models/index.ts",
  scripted: "src/scripted/index.ts",
  suites: "src/suites/index.ts",
});
