import { buildSite, siteChecks } from "../site.mjs";
import { exitCheck, tally } from "./stage.mjs";

/** @type {import("./stage.mjs").Stage} */
export const site = {
  name: "site",
  about: "the documentation as a site: no dead link, every page reachable, a search, a reference of every export",
  needsBuild: false,
  async run() {
    const built = await buildSite();
    const checks = built.code === 0 ? siteChecks() : [];
    return tally([exitCheck("the site builds", built), ...checks]);
  },
};
