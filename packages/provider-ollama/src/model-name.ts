import { OptionInvalidError } from "@semel/core";

/** `model`, `model:tag`, `namespace/model`, `host/namespace/model:tag`: no spaces, and nothing that ends a line. */
const pattern = /^\w[\w.:/@-]{0,349}$/;

/** @throws `OPTION_INVALID` */
export function named(model: string, option = "ollama model"): string {
  if (typeof model === "string" && pattern.test(model)) return model;
  throw new OptionInvalidError(option, "the name of a model, like llama3.2 or nomic-embed-text:v1.5", model);
}

/** The shortest name of the same model: `llama3.2:latest` and `registry.ollama.ai/library/llama3.2` are `llama3.2`. */
export const shortName = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^registry\.ollama\.ai\//, "")
    .replace(/^library\//, "")
    .replace(/:latest$/, "");
