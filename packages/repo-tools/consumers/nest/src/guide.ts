import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { Semel } from "@semel/core";
import { summarise } from "./summary/summary.job";
import { SummaryModule } from "./summary/summary.module";

/** What the guide's reader does with curl. */
async function main() {
  const app = await NestFactory.create(SummaryModule, { logger: ["error", "warn"] });
  app.enableShutdownHooks();
  await app.listen(0, "127.0.0.1");
  const url = await app.getUrl();
  const answer = await fetch(`${url}/documents/a/summary`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ revision: 1 }),
  });
  const { outcome, status } = (await answer.json()) as { outcome: string; status: string };
  // The same work again: its handle waits for the one result.
  const again = await app.get(Semel).enqueue(summarise, { documentId: "a", revision: 1 });
  await again.result({ timeout: "1m" });
  const { state, result } = await (await fetch(`${url}${status}`)).json();
  await app.close();
  console.log(outcome, again.outcome === "created" ? "twice" : "once", state, result.words);
}
void main();
