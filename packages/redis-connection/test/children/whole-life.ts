// Opens one of each kind, and closes: at once, or when the server is gone. It has to end by itself.
import { openRedis } from "../../src/index.ts";

const [url = "", state = ""] = process.argv.slice(2);
const lost = Promise.withResolvers<void>();
const connection = openRedis(url, { onProblem: () => lost.resolve() });
await connection.judge();
await Promise.all([
  (await connection.patient()).call("ping"),
  (await connection.subscriber()).call("subscribe", "news"),
]);
console.log("open");
if (state === "gone") await lost.promise;
await connection.close();
console.log("closed");
