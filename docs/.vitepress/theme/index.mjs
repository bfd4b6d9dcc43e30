import DefaultTheme from "vitepress/theme";
import Picture from "./picture.mjs";
import "./site.css";

export default {
  extends: DefaultTheme,
  /** @param {{ app: import("vue").App }} site */
  enhanceApp({ app }) {
    app.component("Picture", Picture);
  },
};
