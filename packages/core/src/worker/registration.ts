import { OptionInvalidError } from "../errors/option-invalid.ts";
import { type DefinedJob, definitionOf } from "../job/define-job.ts";
import type { AnyProcessor } from "../processor/processor.ts";

/** A processor with the full definition of its job. */
export interface Registration {
  readonly job: DefinedJob;
  readonly processor: AnyProcessor;
}

/**
 * The processors of a worker by type.
 * @throws `OPTION_INVALID` for none, for something that is no processor, and for two of one type.
 */
export function register(processors: readonly AnyProcessor[]): ReadonlyMap<string, Registration> {
  if (!Array.isArray(processors))
    throw new OptionInvalidError("worker.processors", "an array of processors, at least one", processors);
  if (processors.length === 0) throw new OptionInvalidError("worker.processors", "at least one processor", "none");
  const byType = new Map<string, Registration>();
  for (const processor of processors as readonly AnyProcessor[]) {
    if (typeof processor?.process !== "function")
      throw new OptionInvalidError(
        "worker.processors",
        "processor(job, fn) or an instance of a Processor class",
        processor,
      );
    const job = definitionOf(processor.job);
    if (byType.has(job.type))
      throw new OptionInvalidError("worker.processors", `one processor for each type; ${job.type} has two`, processor);
    byType.set(job.type, { job, processor });
  }
  return byType;
}
