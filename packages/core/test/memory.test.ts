import { type Host, systemClock } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { expect, test } from "vitest";

// What the conformance suites of @semel/testing cannot say: how the two adapters belong together. The rest is there.
const host: Host = { namespace: "test", clock: systemClock, report: () => {} };

const job = { id: `${"k".repeat(32)}.1`, lane: "mail", type: "mail", envelope: "{}", delayMs: 0 };

test("whoever is given the same memory shares its jobs, and leaves them there", async () => {
  const { queue } = memory();
  await queue.start(host);
  await queue.add([job]);
  await queue[Symbol.asyncDispose]();
  await queue.start(host);
  expect(await queue.has("mail", job.id)).toBe(true);
});

test("two memories know nothing of each other", async () => {
  const [one, other] = [memory(), memory()];
  await one.queue.start(host);
  await one.queue.add([job]);
  expect(await other.queue.has("mail", job.id)).toBe(false);
});

test("its letters are those of its store", () => {
  const backend = memory();
  expect(backend.deadLetters).toBe(backend.store);
});

test("its delays and holds keep no process alive", async () => {
  const kinds: unknown[] = [];
  const clock: Host["clock"] = {
    ...systemClock,
    timer(delayMs, fire, kind) {
      kinds.push(kind);
      return systemClock.timer(delayMs, fire, "background");
    },
  };
  const { queue } = memory();
  await queue.start({ ...host, clock });
  await queue.add([{ ...job, delayMs: 60_000 }]);
  await queue.hold("mail", Date.now() + 60_000);
  expect(kinds).toEqual(["background", "background"]);
});
