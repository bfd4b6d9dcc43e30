import { describeFailure } from "../errors/failure.ts";
import type { ResultKind } from "../idempotency/job-record.ts";
import { encodeValue, sizeOf } from "../job/value.ts";

/** A result that cannot be kept does not undo the work: the job is completed without it. */
export function storable(result: unknown, maxBytes: number): { kind: ResultKind; result: string | undefined } {
  try {
    const stored = encodeValue(result);
    const bytes = sizeOf(stored);
    if (bytes <= maxBytes) return { kind: { kind: "stored" }, result: stored };
    return {
      kind: { kind: "omitted", why: `it is ${bytes} bytes and the store takes ${maxBytes}` },
      result: undefined,
    };
  } catch (error) {
    return { kind: { kind: "omitted", why: describeFailure(error).message }, result: undefined };
  }
}
