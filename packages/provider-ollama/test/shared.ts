import { onUnclassified } from "@semel/ai/provider";
import { ModelError, type TextPart } from "@semel/core";
import { afterEach, beforeEach, expect, type MockInstance, vi } from "vitest";

export const ask = (text = "hello") => ({ messages: [{ role: "user", text } as const] });

/** The failure of what must fail. */
export async function failureOf(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.then(
    (value) => Promise.reject(new Error(`expected a failure, got ${JSON.stringify(value)}`)),
    (thrown: unknown) => thrown,
  );
  if (!ModelError.isInstance(error)) throw error;
  return error;
}

/** Everything of an error that anybody may see. */
export const shown = (error: unknown): string => {
  const { message, stack, cause } = error as Error;
  return `${JSON.stringify(error)} ${message} ${stack} ${cause === undefined ? "" : shown(cause)}`;
};

export async function all(stream: AsyncIterable<TextPart>): Promise<TextPart[]> {
  const parts: TextPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const printers = ["log", "info", "warn", "error", "debug"] as const;

/** The client prints what it cannot read; the table of failures counts what it does not know. Neither may happen. */
export function nothingIsPrintedOrUnknown(): void {
  let printed: MockInstance[];
  const unknown: string[] = [];
  let stop: () => void;
  beforeEach(() => {
    unknown.length = 0;
    stop = onUnclassified(({ message }) => void unknown.push(message));
    printed = printers.map((name) => vi.spyOn(console, name));
  });
  afterEach(() => {
    stop();
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    expect(unknown).toEqual([]);
  });
}
