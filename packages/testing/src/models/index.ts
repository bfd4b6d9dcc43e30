export { describeModels } from "./describe-models.ts";
export type { DialectError, DialectMeaning, DialectText, DialectVector, ModelDialect } from "./model-dialect.ts";
export { type FaultyWay, type ModelFault, type ModelFaultName, modelFaults } from "./model-faults.ts";
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
export type { CreateModels, ModelKind, ModelsSuite, ModelsUnderTest } from "./suite/stage.ts";
