import { describeJobStore, realTime } from "@semel/testing/suites";
import { describe } from "vitest";
import { postgresStore, type SqlClient } from "../src/index.ts";
import { databases, fresh, withLeap } from "./databases.ts";

// Several at once on a server, where the waiting is; one PGlite does one thing at a time anyhow.
for (const { name, open } of databases)
  describe(`on ${name}`, { concurrent: name === "PostgreSQL" }, () => {
    const client = open();
    // One for all: every test of the suite has a namespace of its own, and none may notice the others'.
    const schema = fresh("conformance");

    describeJobStore({
      name: "postgresStore",
      features: { durable: true, maxValueBytes: 262_144 },
      create() {
        let leapMs = 0;
        const shared: SqlClient = withLeap(client(), () => leapMs);
        const view = () => {
          const store = postgresStore({ client: shared, schema });
          return { store, deadLetters: store };
        };
        const leap = async (ms: number): Promise<void> => {
          leapMs += ms;
        };
        return { ...view(), open: view, time: realTime({ shortMs: 150, leap }) };
      },
    });
  });
