import type { Semel } from "@semel/core";
import type { ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import type { Report } from "./output/report.ts";
import type { Target } from "./target/target.ts";

/** What a command is given. */
export interface Scene {
  readonly io: Io;
  readonly report: Report;
  readonly target: Target;
  readonly semel: Semel;
  readonly now: number;
  /** Whether `--yes` was said. */
  readonly isSure: boolean;
}

/** One verb. Its exit code; what it throws becomes a line and a code. */
export type Command = (scene: Scene) => Promise<ExitCode>;
