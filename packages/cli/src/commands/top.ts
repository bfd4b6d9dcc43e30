import { setTimeout as pause } from "node:timers/promises";
import type { QueueCounts, WorkerInfo } from "@semel/core";
import type { Command, Scene } from "../command.ts";
import { complaintOf } from "../complaint.ts";
import { exitCode } from "../exit-code.ts";
import { span } from "../output/age.ts";
import type { Paint, Shade } from "../output/colour.ts";
import { cut, printable } from "../output/printable.ts";
import { table } from "../output/table.ts";
import { counted } from "./ls.ts";

const alternateScreen = "\u001b[?1049h\u001b[?25l";
const back = "\u001b[?25h\u001b[?1049l";
const home = "\u001b[H\u001b[J";

interface Look {
  readonly at: number;
  readonly queues: readonly QueueCounts[];
  readonly workers: readonly WorkerInfo[];
}

/**
 * A table that is drawn again and again, until `q`. Where nobody watches it is drawn once; with `--json` there is a line every
 * interval, until it is stopped.
 */
export const top =
  (intervalMs: number): Command =>
  async (scene) => {
    const { io, report } = scene;
    if (report.isJson) return await stream(scene, intervalMs);
    if (io.out.isTTY !== true) {
      await report.end(() => "");
      io.out.write(drawn(scene, await look(scene), undefined, 40));
      return exitCode.ok;
    }
    return await watch(scene, intervalMs);
  };

async function stream(scene: Scene, intervalMs: number): Promise<0> {
  const { io, report } = scene;
  while (!io.stop.aborted) {
    await report.each(await look(scene));
    await pause(intervalMs, undefined, { signal: io.stop }).catch(() => {});
  }
  return exitCode.ok;
}

async function watch(scene: Scene, intervalMs: number): Promise<0> {
  const { io } = scene;
  const left = new AbortController();
  const over = AbortSignal.any([io.stop, left.signal]);
  const onKey = (key: Buffer): void => {
    // In raw mode Ctrl-C is a key like any other.
    if (["q", "Q", "\u0003", "\u001b"].includes(key.toString())) left.abort();
  };
  const isRaw = io.in.isTTY === true && io.in.setRawMode !== undefined;
  if (isRaw) io.in.setRawMode?.(true);
  io.in.on("data", onKey);
  io.out.write(alternateScreen);
  // Whatever ends the process, the terminal is as it was.
  const restore = (): void => void io.out.write(back);
  process.once("exit", restore);
  try {
    let before: Look | undefined;
    while (!over.aborted) {
      before = await draw(scene, before);
      await pause(intervalMs, undefined, { signal: over }).catch(() => {});
    }
  } finally {
    process.removeListener("exit", restore);
    restore();
    io.in.off("data", onKey);
    if (isRaw) io.in.setRawMode?.(false);
    io.in.pause();
  }
  return exitCode.ok;
}

/** An outage is shown and waited out: that is when people look. */
async function draw(scene: Scene, before: Look | undefined): Promise<Look | undefined> {
  const { io, report } = scene;
  // A terminal that does not know its size says 0.
  const rows = io.out.rows || 24;
  try {
    const now = await look(scene);
    io.out.write(home + drawn(scene, now, before, rows));
    return now;
  } catch (error) {
    const { code, message } = complaintOf(error);
    io.out.write(
      `${home}${report.paint("dead", `${code}: ${cut(printable(message), 300)}`)}\n\nlooking again …  q quits\n`,
    );
    return before;
  }
}

async function look({ semel }: Scene): Promise<Look> {
  const [queues, workers] = await Promise.all([semel.counts(), semel.workers()]);
  return { at: Date.now(), queues, workers };
}

const sum = (queues: readonly QueueCounts[], of: "pending" | "delayed" | "running" | "dead"): number =>
  queues.reduce((total, queue) => total + queue[of], 0);

function drawn(
  { report, target }: Scene,
  { at, queues, workers }: Look,
  before: Look | undefined,
  rows: number,
): string {
  const { paint } = report;
  const each = (shade: Shade, word: string, count: number): string => `${counted(paint, shade, count)} ${word}`;
  const busy = workers.reduce((total, worker) => total + worker.busy, 0);
  const head = [
    `${paint("strong", "semel")}  ${printable(target.place)}  ${new Date(at).toISOString().slice(11, 19)} UTC`,
    [
      each("waiting", "waiting", sum(queues, "pending")),
      each("delayed", "delayed", sum(queues, "delayed")),
      each("running", "running", sum(queues, "running")),
      each("dead", "dead", sum(queues, "dead")),
      `${workers.length} workers, ${busy} busy`,
    ].join("   "),
  ];
  const fits = Math.max(1, rows - head.length - 5);
  const busiest = [...queues].sort((a, b) => b.running + b.pending + b.dead - (a.running + a.pending + a.dead));
  const lines = busiest.slice(0, fits).map((queue) => line(paint, queue, before, at));
  const hidden = queues.length > fits ? [`and ${queues.length - fits} more`] : [];
  const heads = [
    { head: "queue" },
    { head: "waiting", align: "right" },
    { head: "a second", align: "right" },
    { head: "delayed", align: "right" },
    { head: "running", align: "right" },
    { head: "dead", align: "right" },
    { head: "oldest", align: "right" },
  ] as const;
  const body = queues.length === 0 ? "no queue has ever had a job" : table(heads, lines, paint);
  return `${[...head, "", body, ...hidden, "", paint("faint", "q quits")].join("\n")}\n`;
}

function line(paint: Paint, queue: QueueCounts, before: Look | undefined, at: number): string[] {
  const then = before?.queues.find(({ queue: name }) => name === queue.queue);
  const perSecond = before && then ? ((queue.pending - then.pending) * 1_000) / (at - before.at) : 0;
  const trend = perSecond === 0 ? "" : `${perSecond > 0 ? "+" : "−"}${Math.abs(perSecond).toFixed(1)}`;
  return [
    cut(printable(queue.queue), 40) + (queue.paused ? paint("delayed", " (paused)") : ""),
    counted(paint, "waiting", queue.pending),
    trend,
    counted(paint, "delayed", queue.delayed),
    counted(paint, "running", queue.running),
    counted(paint, "dead", queue.dead),
    queue.oldestPendingAt ? span(at - queue.oldestPendingAt.getTime()) : "",
  ];
}
