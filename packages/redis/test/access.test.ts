import { createSemel } from "@semel/core";
import { expect, onTestFinished, test } from "vitest";
import { redis } from "../src/index.ts";
import { effect } from "./support/effect-job.ts";
import { admin, freshPlace, privateServer, stage } from "./support/stage.ts";

/* Redis answers, and will not have us: what a producer is told then. */

test("a wrong password: the reason is in the message, and the same call is of no use", async () => {
  const server = await privateServer();
  await admin(server.url).config("SET", "requirepass", "right");
  const { semel } = stage({ ...freshPlace(`redis://:wrong@127.0.0.1:${server.port}`) });
  await expect(semel.enqueue(effect, { n: 1 })).rejects.toMatchObject({
    code: "QUEUE_UNAVAILABLE",
    isRetryable: false,
    details: { outcome: "refused" },
    message: expect.stringMatching(/nothing was enqueued: .*WRONGPASS/),
  });
  await expect(semel.counts()).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    isRetryable: false,
    message: expect.stringContaining("WRONGPASS"),
  });
});

test("nobody there: the reason is in the message, and it may pass", async () => {
  const { semel } = stage(freshPlace("redis://127.0.0.1:1"));
  await expect(semel.enqueue(effect, { n: 1 })).rejects.toMatchObject({
    isRetryable: true,
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test("a user of another namespace, and one who may not write: every error has a code", async () => {
  const server = await privateServer();
  const operator = admin(server.url);
  const rules = ["resetkeys", "resetchannels", "+@all"];
  await operator.call(
    "acl",
    "setuser",
    "app",
    "on",
    ">secret",
    ...rules,
    "~semel:prod:*",
    "~semel:{prod*",
    "&semel:prod:*",
  );
  const url = `redis://app:secret@127.0.0.1:${server.port}`;
  const open = (namespace: string) => {
    const semel = createSemel({ ...redis(url), namespace, logger: false });
    onTestFinished(() => semel.close({ deadline: "1s" }));
    return semel;
  };
  const refused = { isRetryable: false, message: expect.stringMatching(/NOPERM/) };
  const elsewhere = open("dev");
  await expect(elsewhere.ready()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", ...refused });
  await expect(elsewhere.enqueue(effect, { n: 1 })).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE", ...refused });

  const semel = open("prod");
  expect(await semel.enqueue(effect, { n: 1 })).toMatchObject({ outcome: "created" });
  // Permissions change while it is connected.
  await operator.call("acl", "setuser", "app", "-eval", "-evalsha");
  await expect(semel.enqueue(effect, { n: 2 })).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE", ...refused });
  await expect(semel.counts()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", ...refused });
});
