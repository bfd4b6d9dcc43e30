import { memory } from "@semel/core/memory";
import { describeFlows } from "../src/suites/index.ts";

describeFlows({ name: "flows on memory", create: () => ({ backend: memory() }) });
