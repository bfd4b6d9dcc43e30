import { expect, it } from "vitest";
import { codeChanges } from "../src/error-codes.mjs";

const text = "# said once\nA_CODE\nOLD_CODE gone: NEW_CODE says it now\n";

it("is content with what is committed", () => {
  expect(codeChanges(text, ["A_CODE"])).toEqual({ added: [], missing: [], revived: [] });
});

it("names a code that is new, one that is gone, and one that comes back with another meaning", () => {
  expect(codeChanges(text, ["A_CODE", "NEW_CODE"]).added).toEqual(["NEW_CODE"]);
  expect(codeChanges(text, ["RENAMED"])).toEqual({ added: ["RENAMED"], missing: ["A_CODE"], revived: [] });
  expect(codeChanges(text, ["A_CODE", "OLD_CODE"]).revived).toEqual(["OLD_CODE"]);
});
