import { defineConfig } from "vitepress";
import { entries } from "./entries.mjs";
import { sidebar } from "./pages.mjs";

/** As code hosts name headings, so that one link serves both. @param {string} heading */
const slugify = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

export default defineConfig({
  title: "Semel",
  description: "Jobs whose effect happens once.",
  lang: "en-GB",
  srcDir: ".site",
  outDir: ".vitepress/dist",
  cleanUrls: true,
  // Reads the history, and dates say little here.
  lastUpdated: false,
  markdown: {
    anchor: { slugify },
    config(markdown) {
      const { fence } = markdown.renderer.rules;
      // Braces in code are braces, not expressions of Vue.
      markdown.renderer.rules.code_inline = (tokens, index) =>
        `<code v-pre>${markdown.utils.escapeHtml(tokens[index]?.content ?? "")}</code>`;
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index];
        if (token?.info.trim() !== "mermaid") return fence?.(tokens, index, ...rest) ?? "";
        return `<Picture code="${encodeURIComponent(token.content)}" />`;
      };
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Documentation", link: "/docs/" },
      { text: "Reference", link: "/api/" },
      { text: "Contributing", link: "/CONTRIBUTING" },
    ],
    sidebar: {
      "/api/": [
        { text: "Reference", items: [...entries.keys()].map((name) => ({ text: name, link: `/api/${name}/` })) },
      ],
      "/": sidebar().map((section) => ({ ...section, collapsed: section.text === "Decisions" })),
    },
  },
});
