import type { RedrivePlan, RedriveReport } from "@semel/core";
import type { Command, Scene } from "../command.ts";
import { usage } from "../complaint.ts";
import { confirm } from "../confirm.ts";
import { exitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { table } from "../output/table.ts";
import { type FilterOptions, filterOf, isEmpty } from "./dead-filter.ts";

export interface RedriveOptions extends FilterOptions {
  readonly all?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly rate?: string | undefined;
  readonly steps?: string | undefined;
  readonly unattended?: string | undefined;
  readonly maxRedrives?: string | undefined;
}

/** One letter by its id, or all that match. What would happen is said first. */
export const deadRedrive =
  (id: string | undefined, options: RedriveOptions): Command =>
  async (scene) => {
    const filter = filterOf(options);
    if (id !== undefined) {
      if (!isEmpty(filter) || options.all) throw usage("either an id, or options that pick letters, not both");
      return await one(scene, id, options);
    }
    if (isEmpty(filter) && !options.all) throw usage("which letters? Say an id, --type, --reason …, or --all");
    const maxRedrives = options.maxRedrives === undefined ? undefined : Number(options.maxRedrives);
    const plan = await scene.semel.deadLetters.plan({ ...filter, maxRedrives });
    if (options.dryRun || plan.total === 0) {
      await scene.report.one(forecast(plan), () => described(scene, plan));
      return exitCode.ok;
    }
    scene.report.note(described(scene, plan));
    const { runs, waits, resumes } = plan.counts;
    const back = runs + waits + resumes;
    if (back > 0 || options.unattended === "wait")
      await confirm(
        scene,
        `This brings back ${options.unattended === "wait" ? "up to " : ""}${back || plan.total} of ${plan.total} dead jobs${fresh(options)}`,
      );
    const report = await run(scene, plan, options);
    await scene.report.one(report, () => told(report));
    if (report.ended === "aborted") return exitCode.interrupted;
    if (report.ended === "unavailable") return exitCode.unavailable;
    return report.refused.length > 0 ? exitCode.unwell : exitCode.ok;
  };

async function one(scene: Scene, id: string, options: RedriveOptions): Promise<0> {
  const { semel, report } = scene;
  if (options.dryRun)
    throw usage("--dry-run is for letters that are picked by options; `semel dead show` looks at one");
  const letter = await semel.deadLetters.get(id);
  if (letter) await confirm(scene, `This brings back ${printable(letter.type)} ${printable(id)}${fresh(options)}`);
  const as = await semel.deadLetters.redrive(id, how(options));
  await report.one({ id, as }, () => `back as ${printable(as)}`);
  return exitCode.ok;
}

function how({ steps, unattended }: RedriveOptions): { steps?: "keep" | "fresh"; unattended?: "refuse" | "wait" } {
  // Core says which there are.
  return { ...(steps && { steps: steps as "keep" }), ...(unattended && { unattended: unattended as "wait" }) };
}

const fresh = ({ steps }: RedriveOptions): string =>
  steps === "fresh" ? ", from scratch: every step runs, and is paid for, again" : "";

function run({ report, io }: Scene, plan: RedrivePlan, options: RedriveOptions): Promise<RedriveReport> {
  const rate =
    options.rate === undefined ? undefined : Number(/^([\d.]+)(?:\/s)?$/.exec(options.rate)?.[1] ?? Number.NaN);
  let saidAt = 0;
  return plan.run({
    ...how(options),
    rate,
    signal: io.stop,
    onProgress: ({ looked, total, redriven, last }) => {
      if (report.isJson || io.err.isTTY !== true) return;
      const now = performance.now();
      if (now - saidAt < 100 && looked < total) return;
      saidAt = now;
      io.err.write(
        `\r\u001b[K${looked} of ${total}, ${redriven} back, last ${printable(last.id)}${looked === total ? "\n" : ""}`,
      );
    },
  });
}

const forecast = ({ total, counts, groups }: RedrivePlan): object => ({ total, counts, groups });

function described({ report }: Scene, { total, groups }: RedrivePlan): string {
  if (total === 0) return "No dead letters match.";
  const rows = groups.map(({ count, type, reason, becomes, why, sample }) => [
    String(count),
    printable(type),
    reason,
    report.paint(becomes === "refused" ? "dead" : becomes === "runs" ? "running" : "waiting", becomes),
    why ?? "",
    printable(sample),
  ]);
  const heads = [
    { head: "letters", align: "right" } as const,
    ...["type", "died of", "would be", "because", "one of them"].map((head) => ({ head })),
  ];
  return table(heads, rows, report.paint);
}

function told({
  looked,
  total,
  redriven,
  already,
  replayed,
  superseded,
  gone,
  refused,
  ended,
  error,
}: RedriveReport): string {
  const parts = [
    [redriven, "brought back"],
    [already, "brought back before"],
    [replayed, "completed meanwhile"],
    [superseded, "superseded"],
    [gone, "gone"],
  ] as const;
  const sum = parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(", ");
  // The API's own advice is for programs.
  const isUnattended = refused.some(({ code }) => code === "TYPE_UNATTENDED");
  const advice = isUnattended
    ? ["no living worker takes them: start one, or say --unattended wait, and they wait for one"]
    : [];
  const not = refused.map(
    ({ count, code, message, sample }) => `${count} refused, ${code}: ${printable(message)} (${printable(sample)})`,
  );
  const end =
    ended === "all"
      ? []
      : [`stopped after ${looked} of ${total}: ${error ? printable(error.message) : ended}; run it again to go on`];
  return [sum || "nothing brought back", ...not, ...advice, ...end].join("\n");
}
