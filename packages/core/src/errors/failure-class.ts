/**
 * What a failure means for the job.
 * - `retry`: burns an attempt, waits, runs again.
 * - `defer`: burns none; nothing was done and it was not the job's fault.
 * - `fail`: trying again cannot help; dead-lettered at once.
 */
export type FailureClass = "retry" | "defer" | "fail";
