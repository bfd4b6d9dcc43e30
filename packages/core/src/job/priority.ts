/** How urgent a job is among those of its lane. A lane whose types declare no priority is first in, first out. */
export type Priority = (typeof priorities)[number];
export const priorities = ["interactive", "normal", "bulk"] as const;
