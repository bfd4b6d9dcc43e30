import { library } from "@semel/repo-tools/tsdown";

export default library({ index: "src/index.ts" });
