import { expect } from "vitest";

/**
 * Holds the named fields of an answer or record against what they must be. Unlike `toMatchObject`, a field expected to
 * be `undefined` may be absent: what comes from a server has no `undefined`.
 */
export function expectFields(
  actual: object | undefined,
  expected: Readonly<Record<string, unknown>>,
  what?: string,
): void {
  const named = Object.entries(actual ?? {}).filter(([field]) => field in expected);
  expect(Object.fromEntries(named), what).toEqual(expected);
}
