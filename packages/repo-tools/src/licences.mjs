import { run } from "./child.mjs";
import { environment, toolNode } from "./environment.mjs";
import { ensurePnpm } from "./pnpm.mjs";
import { publishedPackages, root } from "./repository.mjs";
import { exitCheck } from "./stages/stage.mjs";

/** Licences that ask for no more than to be named. Another one wants a person's decision. */
const accepted = new Set(["MIT", "ISC", "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0"]);

/**
 * Whatever users get with our packages may be used as our own licence says.
 *
 * @returns {Promise<import("./stages/stage.mjs").Check>}
 */
export async function licencesCheck() {
  const title = "licences of everything that is installed along";
  const node = toolNode();
  const filters = publishedPackages().map(({ manifest }) => `--filter=${manifest.name}`);
  const args = [await ensurePnpm(), ...filters, "licenses", "list", "--prod", "--json"];
  const listed = await run(node, args, { cwd: root, env: environment(node) });
  if (listed.code !== 0) return exitCheck(title, listed);
  /** @type {Record<string, { name: string, versions: string[] }[]>} */
  const byLicence = JSON.parse(listed.stdout);
  if (Object.keys(byLicence).length === 0) return { title, problem: "pnpm names no dependency at all" };
  const problems = Object.entries(byLicence).flatMap(([licence, packages]) =>
    isAccepted(licence) ? [] : packages.map(({ name, versions }) => `${name} ${versions.join(", ")}: ${licence}`),
  );
  return problems.length === 0 ? { title } : { title, problem: problems.join("\n") };
}

/**
 * One of several is enough where a package leaves the choice.
 *
 * @param {string} licence an SPDX expression
 */
function isAccepted(licence) {
  const choices = licence.replace(/^\(|\)$/g, "").split(/ OR /i);
  return choices.some((choice) => choice.split(/ AND /i).every((part) => accepted.has(part.trim())));
}
