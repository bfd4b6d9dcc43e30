import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { releasePlan } from "../src/release-plan.mjs";
import { publishedPackages } from "../src/repository.mjs";

let temp = "";
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), "semel-releases-"));
});
afterEach(() => rmSync(temp, { recursive: true }));

const minorOfCore = { "more.md": '---\n"@semel/core": minor\n---\n\nMore of it.\n' };

it("turns the waiting changesets into versions: every one of them can be read", async () => {
  const { raises } = await releasePlan(temp);
  for (const { name, raised, entries } of raises) {
    expect(raised, name).not.toBe("major");
    expect(entries, name).not.toBe("");
  }
});

it("raises no adapter to a major for a minor of core, while versions are 0.x", async () => {
  const { raises } = await releasePlan(temp, { version: "0.3.0", changesets: minorOfCore });
  expect(raises.find(({ name }) => name === "@semel/core")).toMatchObject({
    to: "0.4.0",
    entries: expect.stringContaining("More of it."),
  });
  // ^0.3.0 does not admit 0.4.0, so whoever depends on core is published anew. As a patch it would break whoever holds both at ^0.3.0.
  const others = raises.filter(({ name }) => name !== "@semel/core");
  expect(others).toHaveLength(publishedPackages().length - 1);
  expect(new Set(others.map(({ to }) => to))).toEqual(new Set(["0.4.0"]));
  for (const { entries } of others) expect(entries).toContain("Goes with @semel/core 0.4.0.");
});

it("leaves adapters as they are for a minor of core, from 1.0 on", async () => {
  const { raises } = await releasePlan(temp, { version: "1.3.0", changesets: minorOfCore });
  expect(raises.map(({ name, to }) => [name, to])).toEqual([["@semel/core", "1.4.0"]]);
});
