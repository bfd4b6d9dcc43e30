import { defineConfig } from "vitest/config";
import projects from "./vitest.workspace.ts";

// All cores: most files wait for a database most of the time.
export default defineConfig({ test: { projects, maxWorkers: "100%" } });
