// npm run api: takes documents over HTTP and says how their jobs stand. It runs none.
import { serve } from "@hono/node-server";
import { createSemel, digest, SemelError } from "@semel/core";
import { redis } from "@semel/redis";
import { Hono } from "hono";
import { bullBoard } from "./board.ts";
import { embedDocument, namespace, redisUrl } from "./jobs.ts";

const semel = createSemel({ ...redis(redisUrl), namespace });
const board = bullBoard(redisUrl, namespace, [embedDocument.type], "/board");

const app = new Hono();

app.post("/documents", async (context) => {
  const { documentId, text } = await context.req.json();
  const job = await semel.enqueue(embedDocument, { documentId, hash: digest(String(text)), text });
  context.header("Location", `/jobs/${job.id}`);
  // Done before: there is nothing to wait for.
  const isDone = job.outcome === "replayed";
  return context.json({ id: job.id, outcome: job.outcome, ...(isDone && { result: job.value }) }, isDone ? 200 : 202);
});

app.get("/jobs/:id", async (context) => {
  const status = await semel.status(embedDocument, context.req.param("id"));
  return status ? context.json(status) : context.json({ code: "JOB_NOT_FOUND" }, 404);
});

app.post("/jobs/:id/cancel", async (context) => context.json({ is: await semel.cancel(context.req.param("id")) }));

app.get("/explain/:id", async (context) => context.json(await semel.explain(context.req.param("id"))));

app.route("/board", board.routes);

app.onError((error, context) => {
  if (error instanceof SyntaxError) return context.json({ code: "PAYLOAD_NOT_JSON", message: error.message }, 400);
  if (!SemelError.isInstance(error)) {
    console.error(error);
    return context.json({ code: "INTERNAL" }, 500);
  }
  // With a QUEUE_UNAVAILABLE comes the id to try again with; see docs/errors.md.
  const isOutage = error.code === "QUEUE_UNAVAILABLE" || error.code === "STORE_UNAVAILABLE";
  return context.json(error.toJSON(), isOutage ? 503 : error.code === "JOB_NOT_FOUND" ? 404 : 400);
});

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT ?? 3000) }, (at) =>
  console.log(`api on http://127.0.0.1:${at.port}, Bull Board on http://127.0.0.1:${at.port}/board`),
);

async function close(): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
  await Promise.all([semel.close(), board.close()]);
  console.log("api closed");
}
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void close());
