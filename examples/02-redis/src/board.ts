import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { HonoAdapter } from "@bull-board/hono";
import { serveStatic } from "@hono/node-server/serve-static";
import { bullQueueName } from "@semel/queue-bullmq";
import { Queue } from "bullmq";
import type { Hono } from "hono";
import { Redis } from "ioredis";

export interface Board {
  readonly routes: Hono;
  close(): Promise<void>;
}

/**
 * Bull Board over the lanes of a namespace. It shows what BullMQ knows: which deliveries wait, and which are being worked
 * on. How a job stands and what became of it is Semel's to say. Read-only, since what one removes there, Semel would
 * deliver again.
 *
 * @param path where its pages are, such as `/board`
 */
export function bullBoard(url: string, namespace: string, lanes: readonly string[], path: string): Board {
  const connection = new Redis(url, { maxRetriesPerRequest: 1 });
  // Without it, a Redis that is away would end this process; each request says it anyway.
  connection.on("error", () => undefined);
  const queues = lanes.map(
    (lane) => new Queue(bullQueueName(namespace, lane), { connection, prefix: "semel", skipMetasUpdate: true }),
  );
  const adapter = new HonoAdapter(serveStatic);
  adapter.setBasePath(path);
  createBullBoard({
    queues: queues.map((queue, at) => {
      const { [at]: displayName = queue.name } = lanes;
      return new BullMQAdapter(queue, { readOnlyMode: true, displayName });
    }),
    serverAdapter: adapter,
    // It looks for BullMQ's own workers; who is alive, semel.workers() says.
    options: { uiConfig: { boardTitle: "Semel", showWorkers: false } },
  });
  return {
    routes: adapter.registerPlugin(),
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
      connection.disconnect();
    },
  };
}
