/**
 * What models of one kind have in common by their names: versions and sizes of a model stand and fall together.
 * `gpt-4o-mini-2024-07-18` → `gpt-4o-mini`, `llama3.2:3b` → `llama3.2`, `gemini-2.5-flash-latest` → `gemini-2.5-flash`.
 */
export const familyOf = (model: string): string =>
  model.replace(/:[^:/]*$/, "").replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest|preview)$/, "") || model;
