import { PGlite } from "@electric-sql/pglite";
import { describeQueue, realTime } from "@semel/testing/suites";
import { afterAll, beforeAll } from "vitest";
import { bullmqQueue } from "../src/index.ts";

let db: PGlite;
const open = () => bullmqQueue({ postgres: () => db });

beforeAll(async () => {
  db = await PGlite.create();
}, 60_000);
afterAll(() => db.close());

describeQueue({
  name: "BullMQ on PGlite",
  features: open().features,
  create: () => ({ queue: open(), open, time: realTime({ shortMs: 500 }) }),
});
