import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Keys } from "../src/keys.ts";
import { claimed, completed, dead, keyOf, ran, reserve, retrying, settle, stepBegin, stepDone } from "./operations.ts";
import { connected, freshPrefix, servers, started } from "./servers.ts";

const server = servers[0] ?? expect.unreachable();

/** What the README says a record takes, in bytes. */
function said(what: RegExp): number {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, bytes = ""] = new RegExp(`\\|[^|\n]*${what.source}[^|\n]*\\|\\s*([0-9,]+)`).exec(readme) ?? [];
  return Number(bytes.replaceAll(",", ""));
}

describe("what is kept takes no more memory than the README says", () => {
  const connection = connected(server.source);

  test("for a job with names as long as they usually are", async () => {
    // As long as the usual one.
    const prefix = freshPrefix().slice(-5);
    const store = await started(connection(), prefix, "production");
    const names = new Keys(prefix, "production");
    const client = await connection().commands();
    /** Of all keys of one record. */
    const memory = async (key: string): Promise<number> => {
      const kept = ["", ":r", ":e", ":f", ":s", ":d"].map((suffix) => names.record(key) + suffix);
      const bytes = await Promise.all(kept.map((name) => client.call("memory", "usage", name)));
      return bytes.reduce<number>((sum, each) => sum + Number(each ?? 0), 0);
    };
    const about = (key: string) => ({
      id: `${key}.V1StGXR8_Z5jdHi6B-myT`,
      type: "embed-chunk",
      lane: "embed-chunk",
      tenant: "customer-4711",
      fingerprint: "f1f2f3f4f5f6f7f8f9f0a1a2.abcabcabcabcabc",
    });
    const owner = "worker-0f3a9c:V1StGXR8_Z5jdHi6B-myT";
    const [waiting = "", running = "", done = "", large = "", stepped = "", gone = ""] = "wrdlsg".split("").map(keyOf);

    await store.apply([waiting, running, done, large, stepped].map((key) => reserve(key, about(key))));
    const begin = (key: string) => claimed(store, key, { ...about(key), owner });
    await begin(running);
    const small = JSON.stringify({ vector: "x".repeat(89) });
    await store.apply([settle(done, await begin(done), completed(small), owner)]);
    const result = JSON.stringify({ vector: "x".repeat(989) });
    await store.apply([settle(large, await begin(large), completed(result), owner)]);
    const fence = await begin(stepped);
    await store.apply([
      stepBegin(stepped, fence, "embed", { owner }),
      stepDone(stepped, fence, "embed", small, owner),
      settle(stepped, fence, retrying({ error: { code: "HTTP_500", message: "x".repeat(100) } }), owner),
    ]);
    await ran(store, gone, dead(), about(gone));

    const measured = {
      waiting: await memory(waiting),
      running: await memory(running),
      done: await memory(done),
      large: (await memory(large)) - result.length,
      stepped: await memory(stepped),
    };
    expect(measured.waiting).toBeLessThanOrEqual(said(/waits/));
    expect(measured.running).toBeLessThanOrEqual(said(/runs/));
    expect(measured.done).toBeLessThanOrEqual(said(/completed, with a result of 100 bytes/));
    expect(measured.large).toBeLessThanOrEqual(said(/completed, with a larger result/));
    expect(measured.stepped).toBeLessThanOrEqual(said(/waits for a retry/));
    // What is stated is what is measured, and not just any large number.
    for (const [what, bytes] of Object.entries(measured)) expect(bytes, what).toBeGreaterThan(200);
  });
});
