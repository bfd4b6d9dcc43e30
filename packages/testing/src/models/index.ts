export { describeModels, type ModelsSuite, type ModelsUnderTest } from "./describe-models.ts";
export type { DialectError, DialectText, DialectVector, ModelDialect } from "./model-dialect.ts";
export { type ModelFault, modelFaults } from "./model-faults.ts";
export {
  hang,
  ModelServer,
  type ModelServerRequest,
  type Reply,
  raw,
  resetBeforeHeaders,
  resetInside,
  status,
  trickle,
} from "./model-server.ts";
