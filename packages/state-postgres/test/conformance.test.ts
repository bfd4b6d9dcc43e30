import { describeJobStore, realTime } from "@semel/testing/suites";
import { describe } from "vitest";
import { postgresStore, type SqlClient } from "../src/index.ts";
import { databases, fresh, withLeap } from "./databases.ts";

describe.each(databases)("on $name", ({ name, open }) => {
  const client = open();

  describeJobStore({
    name: "postgresStore",
    features: { durable: true, maxValueBytes: 262_144 },
    create() {
      // The suite gives every test the same keys, which real guard keys of different namespaces never are.
      const schema = fresh("conformance");
      let leapMs = 0;
      const shared: SqlClient = withLeap(client, () => leapMs);
      const view = () => {
        const store = postgresStore({ client: shared, schema });
        return { store, deadLetters: store };
      };
      const leap = async (ms: number): Promise<void> => {
        leapMs += ms;
      };
      return { ...view(), open: view, time: realTime({ shortMs: name === "PGlite" ? 150 : 60, leap }) };
    },
  });
});
