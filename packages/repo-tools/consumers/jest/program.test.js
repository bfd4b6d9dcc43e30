// PGlite imports its files dynamically, which Jest refuses unless Node has --experimental-vm-modules: this file runs with it.
test("the README's program prints what the README says", async () => {
  const lines = [];
  const log = jest.spyOn(console, "log").mockImplementation((...parts) => lines.push(parts));
  await require("./program.cjs").main();
  log.mockRestore();
  const { format } = require("node:util");
  const { readFileSync } = require("node:fs");
  const expected = readFileSync(require.resolve("./prints.txt"), "utf8").trimEnd();
  expect(lines.map((parts) => format(...parts)).join("\n")).toBe(expected);
}, 120_000);
