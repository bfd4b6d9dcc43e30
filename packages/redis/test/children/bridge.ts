// The bridge as a process of its own, which a test can kill: node bridge.ts <port of Redis> <namespace> <old queue>
import { createSemel } from "@semel/core";
import { redis } from "@semel/redis";
import { Queue } from "bullmq-5";
import { moveDelayed, moveWaiting } from "../migration/to-semel.ts";

const [port = "", namespace = "", name = ""] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port) };
const semel = createSemel({ ...redis(`redis://127.0.0.1:${port}`), namespace, logger: false });
const queue = new Queue(name, { connection });
moveWaiting(semel, name, connection).on("completed", ({ id }) => console.log(id));
await moveDelayed(semel, queue);
