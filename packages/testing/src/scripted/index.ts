export { type AnswerFault, type AnswerFaultName, answerFaults } from "./answer-faults.ts";
export { type ScriptedEmbeddingOptions, type ScriptedOptions, type ScriptedProvider, scripted } from "./scripted.ts";
export type { PlayedRequest, ScriptedFault, ScriptedRequest, ScriptedStep } from "./step.ts";
