import { parseArgs } from "node:util";
import { DemoError } from "./demo-error.ts";

export interface Arguments {
  readonly mode: "run" | "query" | "kill" | "help";
  /** `undefined`: this repository's own Markdown. */
  readonly folder: string | undefined;
  /** What `--query` asks for. */
  readonly question: string;
  /** Where state is kept; `undefined`: below the repository. */
  readonly data: string | undefined;
  /** The URL of a Redis to run on; `undefined`: the embedded database. */
  readonly redis: string | undefined;
  /** Whose vectors; `undefined`: as the environment says. */
  readonly model: (typeof models)[number] | undefined;
  readonly concurrency: number;
  readonly reset: boolean;
}

const models = ["lexical", "openai", "ollama"] as const;

export const help = `Usage: npm run demo [-- <folder>] [options]

Embeds every text of a folder, chunk by chunk, each chunk once. Without a folder: this repository's own Markdown.

  --query "<text>"    the nearest chunks of what was indexed
  --kill              kills a worker in the middle of a paid call and counts what was paid
  --redis <url>       runs on a Redis of yours instead of the embedded database
  --model <name>      lexical, openai or ollama. Default: ollama where OLLAMA_HOST is set, openai where
                      OPENAI_API_KEY is, else lexical: made here, no network
  --reset             forgets what earlier runs of this folder did, then runs
  --concurrency <n>   chunks at a time, 1 to 100 (20)
  --data <dir>        where state is kept (.semel/demo in the repository)
  --help              this text

Exit code: 0 if everything it claims holds, 1 if not, 2 for a request that makes no sense, 130 after Ctrl-C.
`;

/** The demo starts none: on whose machine, and for how long, is not its business. */
const redisMissing = "--redis: expected the URL of a Redis that is running, such as redis://127.0.0.1:6379";

/** @throws {DemoError} `ARGUMENT_INVALID` */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parsed(args);
  const refuse = (message: string): never => {
    throw new DemoError("ARGUMENT_INVALID", `${message}; --help shows what there is`);
  };
  const chosen = (["query", "kill", "reset"] as const).filter((name) => values[name] !== undefined);
  if (chosen.length > 1) refuse(`--${chosen.join(" and --")} do not go together`);
  if (positionals.length > 1) refuse(`expected one folder, got ${positionals.length}`);
  if (values.kill && positionals.length > 0) refuse("--kill has a job of its own and takes no folder");
  const [folder] = positionals;
  if (folder === "") refuse("the folder's name is empty");
  if (values.data === "") refuse("--data: expected a folder, got nothing");
  if (values.redis?.trim() === "") refuse(redisMissing);
  const question = values.query ?? "";
  if (values.query !== undefined && question.trim() === "") refuse("--query: expected a text, got nothing");
  const concurrency = Number(values.concurrency ?? "20");
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 100)
    refuse(`--concurrency: expected a whole number from 1 to 100, got ${JSON.stringify(values.concurrency)}`);
  const model = models.find((one) => one === values.model);
  if (values.model !== undefined && !model)
    refuse(`--model: expected ${models.join(", ")}, got ${JSON.stringify(values.model)}`);
  const mode = values.help ? "help" : values.kill ? "kill" : values.query === undefined ? "run" : "query";
  const { data, redis, reset = false } = values;
  return { mode, folder, question, data, redis, model, concurrency, reset };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        query: { type: "string" },
        kill: { type: "boolean" },
        reset: { type: "boolean" },
        concurrency: { type: "string" },
        data: { type: "string" },
        redis: { type: "string" },
        model: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node adds a second sentence about options that begin with a dash; one is enough here.
    const { message } = error as Error;
    if (/^Option '--redis[ ']/.test(message))
      throw new DemoError("ARGUMENT_INVALID", `${redisMissing}; --help shows what there is`);
    const [first = ""] = message.split(/\. |\n/);
    throw new DemoError("ARGUMENT_INVALID", `${first.replace(/\.$/, "")}; --help shows what there is`);
  }
}
