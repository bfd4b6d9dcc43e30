export { describeJobStore, type JobStoreSuite, type JobStoreUnderTest, type StoreView } from "./describe-job-store.ts";
export { describeJobStoreModel, type JobStoreModelSuite } from "./describe-job-store-model.ts";
export { describeQueue, type QueueSuite, type QueueUnderTest } from "./describe-queue.ts";
export { type RealTimeOptions, realTime, type SuiteTime, virtualTime } from "./time.ts";
