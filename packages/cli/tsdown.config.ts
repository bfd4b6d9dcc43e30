import { library } from "@semel/repo-tools/tsdown";

// The command is started, never imported: it has no CommonJS and no declarations.
export default [
  library({ index: "src/index.ts" }),
  { ...library({ main: "src/main.ts" }), format: "esm", dts: false, clean: false },
];
