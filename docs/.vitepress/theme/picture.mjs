import { useData } from "vitepress";
import { defineComponent, h, onMounted, ref, watch } from "vue";

let drawn = 0;

/** A mermaid diagram, drawn in the reader's browser, in the colours of the moment. Until then, and without scripts, its text. */
export default defineComponent({
  props: { code: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const svg = ref("");
    const text = decodeURIComponent(props.code);
    const draw = async () => {
      const { default: mermaid } = await import("mermaid");
      mermaid.initialize({ startOnLoad: false, theme: isDark.value ? "dark" : "neutral" });
      svg.value = (await mermaid.render(`picture-${++drawn}`, text)).svg;
    };
    onMounted(draw);
    watch(isDark, draw);
    return () =>
      svg.value === "" ? h("pre", { class: "picture" }, text) : h("div", { class: "picture", innerHTML: svg.value });
  },
});
