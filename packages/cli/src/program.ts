import { Command as Program } from "commander";
import type { Command } from "./command.ts";
import type { FilterOptions } from "./commands/dead-filter.ts";
import { asDuration, type TargetOptions } from "./target/target.ts";

export interface GlobalOptions extends TargetOptions {
  readonly json?: boolean | undefined;
  readonly color: boolean;
  readonly yes?: boolean | undefined;
}

/** What was asked for. */
export type Asked = (command: () => Promise<Command>) => void;

const about = "What waits, what runs, what died and why; and what to do about it.";
const more = `
Where the jobs are: --url or --config, else SEMEL_URL, else semel.config.{ts,mts,js,mjs,cjs,json} from here upwards.
It ends with 0 done, 1 something is not well, 2 wrong usage, 3 not found, 4 unavailable, 5 refused, 130 interrupted.`;

/** The grammar. Commands are loaded when they are asked for: `--help` should not wait for them. */
export function program(version: string, asked: Asked): Program {
  const semel = new Program("semel")
    .description(about)
    .version(version)
    .option("--url <url>", "redis://…, rediss://… or embedded:<folder>")
    .option("--config <file>", "the config file, instead of the nearest")
    .option("--namespace <name>", 'as createSemel has it; default: the config\'s, SEMEL_NAMESPACE, "default"')
    .option("--deadline <time>", "how long a question may take, like 30s; default: 5s")
    .option("--json", "for programs: JSON, a line each where there are several")
    .option("--no-color", "no colours; NO_COLOR does the same")
    .option("--yes", "do not ask")
    .showHelpAfterError("(--help says what there is)")
    .addHelpText("after", more);

  semel
    .command("ls")
    .description("every queue: how many jobs wait, are delayed, run, are dead")
    .action(() => asked(async () => (await import("./commands/ls.ts")).ls));
  semel
    .command("show")
    .argument("<id>")
    .description("how one job stands")
    .action((id: string) => asked(async () => (await import("./commands/show.ts")).show(id)));
  semel
    .command("explain")
    .argument("<id>")
    .description("why a job is not done yet")
    .action((id: string) => asked(async () => (await import("./commands/explain.ts")).explain(id)));
  semel
    .command("find")
    .argument("<type>")
    .argument("<field=text or field:=number...>")
    .option("--tenant <tenant>", "of a type whose jobs belong to tenants")
    .description("the job that stands for this work")
    .action((type: string, pairs: string[], { tenant }: { tenant?: string }) =>
      asked(async () => (await import("./commands/find.ts")).find(type, pairs, tenant)),
    );
  semel
    .command("cancel")
    .argument("<id>")
    .option("--reason <text>", "kept with the job")
    .description("cancels a job that waits or runs")
    .action((id: string, { reason }: { reason?: string }) =>
      asked(async () => (await import("./commands/cancel.ts")).cancel(id, reason)),
    );
  for (const verb of ["pause", "resume"] as const)
    semel
      .command(verb)
      .argument("[type]", "every queue, if there is none")
      .option("--queue <queue>", "a queue that types share")
      .description(verb === "pause" ? "hands out no more jobs, to any worker" : "undoes pause")
      .action((type: string | undefined, { queue }: { queue?: string }) =>
        asked(async () => {
          const which = type === undefined && queue === undefined ? undefined : { type, queue };
          return (await import("./commands/pause.ts"))[verb](which);
        }),
      );
  semel
    .command("workers")
    .description("who is alive, and what they take")
    .action(() => asked(async () => (await import("./commands/workers.ts")).workers));
  semel
    .command("top")
    .option("--interval <time>", "between two looks", "2s")
    .description("ls that is drawn again and again, until q")
    .action(({ interval }: { interval: string }) =>
      asked(async () => {
        const { toMs } = await import("@semel/core/adapter");
        return (await import("./commands/top.ts")).top(
          Math.max(100, toMs(asDuration("--interval", interval), "interval")),
        );
      }),
    );
  semel
    .command("doctor")
    .description("judges queue, store, workers and jobs, and says what to change")
    .action(() => asked(async () => (await import("./commands/doctor.ts")).doctor));
  addDead(semel, asked);
  return semel;
}

/** Every word that picks letters. */
const filtered = (command: Program): Program =>
  command
    .option("--type <type>")
    .option("--tenant <tenant>")
    .option("--reason <reason...>", "ATTEMPTS_EXHAUSTED, NON_RETRYABLE …")
    .option("--group <group>", "as --groups names it")
    .option("--newer-than <time>", "died since, like 1d")
    .option("--older-than <time>", "died before");

function addDead(semel: Program, asked: Asked): void {
  const dead = semel.command("dead").description("dead letters");
  filtered(dead.command("ls"))
    .option("--limit <count>", "a number, or all", "20")
    .option("--groups", "counts by type, reason and kind of failure")
    .description("the newest first")
    .action((options: FilterOptions & { limit: string }) =>
      asked(async () => (await import("./commands/dead-ls.ts")).deadLs(options)),
    );
  dead
    .command("show")
    .argument("<id>")
    .description("everything about one")
    .action((id: string) => asked(async () => (await import("./commands/dead-show.ts")).deadShow(id)));
  filtered(dead.command("redrive"))
    .argument("[id]", "one; or pick them by options")
    .option("--all", "every letter there is")
    .option("--dry-run", "says what would happen, and does nothing")
    .option("--rate <jobs>", "a second, at most; default: 10")
    .option("--steps <keep|fresh>", "fresh runs, and pays for, finished steps again; default: keep")
    .option("--unattended <refuse|wait>", "types that no living worker takes; default: refuse")
    .option("--max-redrives <count>", "what came back so often is left; default: 3")
    .description("brings jobs back")
    .action((id: string | undefined, options: FilterOptions) =>
      asked(async () => (await import("./commands/dead-redrive.ts")).deadRedrive(id, options)),
    );
  filtered(dead.command("purge"))
    .option("--all", "every letter there is")
    .description("removes letters for good")
    .action((options: FilterOptions) =>
      asked(async () => (await import("./commands/dead-purge.ts")).deadPurge(options)),
    );
}
