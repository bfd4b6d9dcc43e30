import type { TextModel } from "@semel/core";

/** The same model, and how many tokens its calls have said that they cost: each call once, whatever its end. */
export function metered(model: TextModel): { readonly model: TextModel; readonly tokens: number } {
  let tokens = 0;
  return {
    model: {
      ...model,
      object: (request, call = {}) =>
        model.object(request, {
          ...call,
          onUsage(usage) {
            call.onUsage?.(usage);
            // What broke off is told as an estimate, and stands on nobody's bill here.
            if (usage.certainty === "actual") tokens += usage.inputTokens + usage.outputTokens;
          },
        }),
    },
    get tokens() {
      return tokens;
    },
  };
}
