const entries = require("./entries.json");

// In Jest a module that exists as ESM only cannot be required, whatever Node itself can do.
test.each(entries.filter(({ formats }) => formats.includes("require")))("$entry loads", ({ entry }) => {
  // A suite declares tests, so it asks for Vitest, which is no Jest.
  if (["@semel/testing/suites", "@semel/testing/models"].includes(entry)) return;
  expect(typeof require(entry)).toBe("object");
});
