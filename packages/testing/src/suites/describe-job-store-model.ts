import { describe, test } from "vitest";
import { StoreStage } from "./job-store/stage.ts";
import type { JobStoreSuite } from "./job-store/suite.ts";

export interface JobStoreModelSuite extends JobStoreSuite {
  /** Random sequences tried. Default: 100. Where time is real, each waits for a few short leases. */
  readonly runs?: number | undefined;
  /** To try the very sequences of an earlier run, whose seed its failure told. */
  readonly seed?: number | undefined;
}

/**
 * Lets three owners do forty random things to two keys, each operation sent twice, and checks after every answer what
 * must hold in any order: one owner holds at a time; fences strictly grow; only the newest fence writes; a result is
 * never replaced within its generation; a memo is never run again in its generation; an attempt is the failures so
 * far and one; a re-send is answered in the same sense. A failure shows the shortest sequence found and its seed.
 *
 * Needs `fast-check` beside vitest.
 */
export function describeJobStoreModel(suite: JobStoreModelSuite): void {
  const { runs = 100, seed, timeoutMs = 60_000 } = suite;
  describe(suite.name, () => {
    test("whatever three owners do to two keys, in any order, no promise is broken", {
      timeout: timeoutMs,
    }, async (context) => {
      // Only here, so that the other suites do without fast-check.
      const { assert, asyncProperty } = await import("fast-check");
      const [{ commands }, { Model }] = await Promise.all([
        import("./job-store/model-commands.ts"),
        import("./job-store/model.ts"),
      ]);
      const stage = await StoreStage.open(suite, context);
      const property = asyncProperty(commands, async (sequence) => {
        const model = new Model(stage);
        for (const command of sequence) await model.run(command);
      });
      try {
        // Where every run really waits, as many as there is time for.
        const limits = {
          numRuns: runs,
          interruptAfterTimeLimit: timeoutMs * 0.75,
          markInterruptAsFailure: false,
          includeErrorInReport: true,
        };
        await assert(property, seed === undefined ? limits : { ...limits, seed });
      } finally {
        await stage.close();
      }
    });
  });
}
