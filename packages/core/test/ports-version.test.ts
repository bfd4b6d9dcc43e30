import { expect, it } from "vitest";
import { createSemel, SemelError } from "../src/index.ts";
import { memory } from "../src/memory/index.ts";

const caught = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

it.each([
  ["queue", 2, "update @semel/core,"],
  ["queue", 0, "update the queue's package,"],
  ["store", 2, "update @semel/core,"],
  ["store", 0, "update the store's package,"],
] as const)("refuses a %s of version %d of the ports in one line that names the fix", (what, ports, fix) => {
  const backend = memory();
  // As a copy of another version would hand it in: its types are not ours.
  Object.assign(backend[what], { ports });
  const error = caught(() => createSemel({ ...backend, logger: false }));
  if (!SemelError.isInstance(error)) throw error;
  expect(error).toMatchObject({ code: "CORE_INCOMPATIBLE", details: { what, expected: 1, got: ports } });
  expect(error.message).toContain(fix);
  expect(error.message).not.toContain("\n");
});

it("takes an adapter that says nothing", () => {
  const backend = memory();
  Object.assign(backend.queue, { ports: undefined });
  expect(() => createSemel({ ...backend, logger: false })).not.toThrow();
});
