/** How urgent a job is among those of its lane. A lane whose types declare no priority is first in, first out. */
export type Priority = "interactive" | "normal" | "bulk";
export const priorities: readonly Priority[] = ["interactive", "normal", "bulk"];
