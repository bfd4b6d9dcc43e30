import { describeFlows } from "@semel/testing/suites";
import { redis } from "../src/index.ts";
import { freshPlace } from "./support/stage.ts";

describeFlows({
  name: "flows on Redis",
  create() {
    const { url, prefix } = freshPlace();
    const open = () => redis(url, { prefix });
    return { backend: open(), open };
  },
});

const cluster = (process.env.SEMEL_TEST_REDIS_CLUSTER ?? "").split(",").map((node) => `redis://${node}`);

describeFlows({
  name: "flows on a Redis Cluster, parents and children in different slots",
  create() {
    const { prefix } = freshPlace();
    const open = () => redis({ cluster }, { prefix });
    return { backend: open(), open };
  },
});
