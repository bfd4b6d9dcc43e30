import { defineJob, type Key } from "@semel/core";
import type { Command } from "../command.ts";
import { notFound, usage } from "../complaint.ts";
import { exitCode } from "../exit-code.ts";
import { showStatus } from "./show.ts";

/** Takes anything: what is looked for is named by its correlation alone. */
const anything = {
  "~standard": { version: 1, vendor: "semel-cli", validate: (value: unknown) => ({ value }) },
} as const;

/**
 * By type and correlation: `semel find embed-chunk documentId=canon-1 index:=0`. `=` gives a text, `:=` a number or a boolean,
 * because `1` and `"1"` are different work.
 */
export const find =
  (type: string, pairs: readonly string[], tenant: string | undefined): Command =>
  async (scene) => {
    const correlation = Object.fromEntries(pairs.map(pairOf));
    const shape = { type, payload: anything, correlation: () => correlation };
    const status =
      tenant === undefined
        ? await scene.semel.find(defineJob(shape), correlation)
        : await scene.semel.forTenant(tenant).find(defineJob({ ...shape, tenant: "required" }), correlation);
    if (!status) {
      const numeric = pairs.find((pair) => /^[^:=]+=(-?\d+(\.\d+)?|true|false)$/.test(pair));
      const hint = numeric ? `; if it is no text, write ${numeric.replace("=", ":=")}` : "";
      throw notFound(`no job of type ${JSON.stringify(type)} stands for ${JSON.stringify(correlation)}${hint}`);
    }
    await showStatus(scene, status);
    return exitCode.ok;
  };

function pairOf(pair: string): [string, Key] {
  const [, name, mark, text = ""] = /^([^:=]+)(:?=)(.*)$/s.exec(pair) ?? [];
  if (name === undefined) throw usage(`expected field=text or field:=number, got ${JSON.stringify(pair)}`);
  if (mark === "=") return [name, text];
  if (text === "true" || text === "false") return [name, text === "true"];
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number))
    throw usage(`${pair}: expected a number, true or false after :=, got ${JSON.stringify(text)}`);
  return [name, number];
}
