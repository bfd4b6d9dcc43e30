import { afterAll, beforeAll, expect, test } from "vitest";
import { hints } from "./hints.ts";

/** Listens while the suite runs. @returns registers the test that nothing was heard; it has to be the last. */
export function unclassified(): () => void {
  const heard: object[] = [];
  let stop = (): void => {};
  beforeAll(async () => {
    // Here only, so that models without a dialect are held to their contract where there is no `@semel/ai`.
    const { onUnclassified } = await import("@semel/ai/provider");
    stop = onUnclassified(({ headers: _, ...facts }) => void heard.push(facts));
  });
  afterAll(() => stop());
  return () => test("no failure of the suite was unclassified", () => expect(heard, hints.unclassified).toEqual([]));
}
