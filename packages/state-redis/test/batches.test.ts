import type { Operation } from "@semel/core/adapter";
import { describe, expect, test } from "vitest";
import { claim, completed, keyOf, reserve, settle } from "./operations.ts";
import { connected, freshPrefix, servers, started } from "./servers.ts";

describe.each(servers)("batches on $name", ({ source }) => {
  const connection = connected(source);

  test("10,000 operations are one call, and each is answered", { timeout: 60_000 }, async () => {
    const store = await started(connection(), freshPrefix());
    const keys = Array.from({ length: 10_000 }, (_, at) => keyOf(`${at}-`));
    const created = await store.apply(keys.map((key) => reserve(key)));
    expect(created.filter(({ is }) => is === "created")).toHaveLength(keys.length);
    const claimed = await store.apply(keys.map((key) => claim(key)));
    const fences = claimed.map((answer) => (answer.is === "acquired" ? answer.fence : 0));
    const settled = await store.apply(keys.map((key, at) => settle(key, fences[at] ?? 0, completed(`"${at}"`))));
    expect(settled.filter(({ is }) => is === "settled")).toHaveLength(keys.length);
    const records = await store.read(keys);
    expect(records.filter((record) => record?.state === "completed")).toHaveLength(keys.length);
    expect(await store.result(keys[9_999] ?? "")).toBe('"9999"');
  });

  test("operations on one key see each other, in order, whatever is between them", async () => {
    const store = await started(connection(), freshPrefix());
    const [one = "", other = ""] = ["one", "other"].map(keyOf);
    const operations: readonly Operation[] = [
      // Absent, and to be introduced by the claim itself.
      claim(one),
      reserve(other),
      reserve(one, { id: `${one}.b` }),
      { op: "unreserve", key: other, id: `${other}.a` },
      claim(one, { owner: "worker:2" }),
      claim(other, { id: `${other}.b` }),
      reserve(other),
    ];
    expect(await store.apply(operations)).toMatchObject([
      { is: "acquired" },
      { is: "created" },
      { is: "duplicate", state: "running" },
      { is: "gone" },
      { is: "busy" },
      { is: "acquired" },
      { is: "duplicate", id: `${other}.b` },
    ]);
  });

  test("no operations are no call", async () => {
    const store = await started(connection(), freshPrefix());
    expect(await store.apply([])).toEqual([]);
    expect(await store.read([])).toEqual([]);
  });
});
