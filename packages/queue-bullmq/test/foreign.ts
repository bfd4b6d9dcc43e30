/** What other programs, or a damaged table, may hold in place of a job's data. */
export const foreign: readonly unknown[] = [
  { hello: 1 },
  {},
  [],
  ["e"],
  "text",
  5,
  false,
  { e: 5 },
  { e: null, x: "y" },
  { j: '{"cut off' },
  { j: "5" },
  { j: {} },
];
