import type { JobStatus } from "@semel/core";
import type { Command, Scene } from "../command.ts";
import { notFound } from "../complaint.ts";
import { exitCode } from "../exit-code.ts";
import { ago } from "../output/age.ts";
import type { Shade } from "../output/colour.ts";
import { cut, printable } from "../output/printable.ts";
import { sheet } from "../output/table.ts";

const shades: Readonly<Record<JobStatus["state"], Shade>> = {
  pending: "waiting",
  delayed: "delayed",
  retrying: "delayed",
  "waiting-for-children": "delayed",
  running: "running",
  completed: "strong",
  dead: "dead",
  cancelled: "faint",
};

export const unknownJob = (id: string): Error =>
  notFound(`no job has the id ${JSON.stringify(id)}: there never was one, or its record has expired or was erased`);

export const show =
  (id: string): Command =>
  async (scene) => {
    const status = await scene.semel.status(id);
    if (!status) throw unknownJob(id);
    await showStatus(scene, status);
    return exitCode.ok;
  };

export async function showStatus({ report, now }: Scene, status: JobStatus): Promise<void> {
  const { paint } = report;
  const when = (at: Date | undefined): string | undefined => at && `${at.toISOString()} (${ago(at, now)})`;
  const { progress, children, error } = status;
  await report.one(status, () =>
    sheet(
      [
        ["id", printable(status.id)],
        ["type", printable(status.type)],
        ["tenant", status.tenant && printable(status.tenant)],
        ["state", paint(shades[status.state], status.state)],
        ["reason", status.reason],
        ["error", error && `${error.code}: ${printable(error.message)}`],
        ["attempt", String(status.attempt)],
        ["crashes", status.crashes > 0 ? String(status.crashes) : undefined],
        ["deferrals", status.deferrals > 0 ? String(status.deferrals) : undefined],
        ["duplicates", status.duplicates > 0 ? String(status.duplicates) : undefined],
        [
          "progress",
          progress && `${Math.round(progress.fraction * 100)} % ${printable(progress.note ?? "")}`.trimEnd(),
        ],
        ["children", children && `${children.ended} of ${children.total} have ended, ${children.failed} failed`],
        ["enqueued", when(status.createdAt)],
        ["started", when(status.startedAt)],
        ["next attempt", when(status.nextAttemptAt)],
        ["finished", when(status.finishedAt)],
        ["deadline", status.finishedAt ? undefined : when(status.deadlineAt)],
        ["result", resultOf(status, report.width)],
      ],
      paint,
    ),
  );
}

function resultOf({ state, result, resultOmitted }: JobStatus, width: number): string | undefined {
  if (state !== "completed") return undefined;
  if (resultOmitted !== undefined) return `not kept: ${printable(resultOmitted)}`;
  const short = (_key: string, value: unknown): unknown =>
    value instanceof Float32Array ? `vector of ${value.length}` : value;
  const text = JSON.stringify(result, short);
  return text === undefined ? undefined : printable(cut(text, Math.max(40, width * 3)));
}
