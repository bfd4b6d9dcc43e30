import type { RedisClient } from "@semel/redis-connection";
import type { RedisStore } from "../src/index.ts";
import {
  applied,
  beat,
  claim,
  claimed,
  completed,
  day,
  dead,
  keyOf,
  ran,
  reserve,
  settle,
  stepBegin,
  stepDone,
} from "./operations.ts";

/** Does with a store all that can be done, and leaves something of each kind behind. */
export async function everything(store: RedisStore): Promise<void> {
  const [waiting = "", running = "", done = "", gone = "", other = ""] = ["w", "r", "d", "g", "o"].map(keyOf);
  await using _listening = await store.signals.subscribe("changed", () => {});
  store.signals.publish("changed", `${waiting}.a`);
  await store.apply([reserve(waiting), reserve(other), { op: "unreserve", key: other, id: `${other}.a` }]);
  await store.apply([reserve(other), { op: "cancel", key: other, id: `${other}.a`, by: "ada", keepMs: day }]);

  const fence = await claimed(store, running);
  const held = { key: running, owner: "worker:1", fence };
  await store.apply([
    { op: "renew", ...held, leaseMs: day, progress: { fraction: 0.5 } },
    stepBegin(running, fence, "charge"),
    stepDone(running, fence, "charge", '"paid"'),
    stepBegin(running, fence, "undo"),
    { op: "step-end", ...held, step: "undo", as: { is: "undone" } },
    { op: "cancel", key: running, id: `${running}.a`, by: "ada", keepMs: day },
  ]);

  await ran(store, done, completed(`"${"result ".repeat(100)}"`, { envelope: "{}", followUps: "[]" }));
  expectFinished((await applied(store, claim(done, { owner: "worker:2" }))).is);
  await ran(store, gone, dead(), { tenant: "acme" });
  await store.apply([
    { op: "redrive", key: gone, id: `${gone}.a`, newId: `${gone}.b`, steps: "keep", deadlineMs: day },
  ]);
  const again = await claimed(store, gone, { id: `${gone}.b`, tenant: "acme" });
  await store.apply([stepBegin(gone, again, "charge"), settle(gone, again, dead({ followUps: "[]" }))]);
  await store.apply([{ op: "follow-ups-sent", key: done, id: `${done}.none` }]);

  await store.read([waiting, running]);
  await store.result(done);
  await store.envelope(done);
  await store.list({ tenant: "acme" }, { limit: 10, after: (await store.list({}, { limit: 1 }))[0] });
  await store.get(`${gone}.a`);
  await store.groups({});
  await store.purge({ id: `${gone}.a` });
  await store.beat(beat("w1"), day);
  await store.workers();
  await store.sweep(10);
  await ran(store, other, dead(), { id: `${other}.b`, tenant: "erased" });
  await store.forget({ tenant: "erased" });
  await store.forget({ key: keyOf("nothing") });
}

function expectFinished(is: string): void {
  if (is !== "finished") throw new Error(`a delivery of finished work was answered ${is}`);
}

/** Every key of a server, or of all primaries of a cluster, that matches. */
export async function keysLike(client: RedisClient, pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const node of client.nodes?.("master") ?? [client]) {
    let cursor = "0";
    do {
      const [next, keys] = (await node.call("scan", cursor, "MATCH", pattern, "COUNT", 1_000)) as [string, string[]];
      found.push(...keys);
      cursor = next;
    } while (cursor !== "0");
  }
  return found;
}
