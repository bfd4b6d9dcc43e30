import type { AnyJob } from "../job/job.ts";
import type { JobContext } from "./context.ts";

/**
 * Wraps every attempt's `process`: the place for a trace context, a tenant's async storage, a scope of the container.
 * It must call `next` once and return what it answers; what it throws is the attempt's failure.
 */
export type Around = (context: JobContext<AnyJob>, next: () => Promise<unknown>) => Promise<unknown>;
