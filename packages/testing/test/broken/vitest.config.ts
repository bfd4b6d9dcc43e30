import { defineConfig } from "vitest/config";
import { project } from "../../../../vitest.workspace.ts";

export default defineConfig(project("packages/testing", { include: ["test/broken/suites.fixture.ts"] }));
