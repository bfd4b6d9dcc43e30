import { defineConfig } from "vitest/config";
import { project } from "../../../../../vitest.workspace.ts";

// What hangs here does so on purpose.
export default defineConfig(
  project("packages/testing", { include: ["test/scripted/broken/models.fixture.ts"], testTimeout: 1_500 }),
);
