export { describeFlows, type FlowsSuite, type FlowsUnderTest } from "./describe-flows.ts";
export { describeJobStore } from "./describe-job-store.ts";
export { describeJobStoreModel, type JobStoreModelSuite } from "./describe-job-store-model.ts";
export { describeQueue } from "./describe-queue.ts";
export type { JobStoreSuite, JobStoreUnderTest, StoreView } from "./job-store/suite.ts";
export type { QueueSuite, QueueUnderTest } from "./queue/suite.ts";
export { type RealTimeOptions, realTime, type SuiteTime, virtualTime } from "./time.ts";
