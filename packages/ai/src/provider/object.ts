import type { GeneratedObject, GeneratedText, ObjectRequest, Usage } from "@semel/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { sumOfUsage } from "../usage-sum.ts";
import { failed } from "./classify.ts";
import type { OneCall } from "./exchange.ts";
import type { WireRequest } from "./text-model.ts";

const defaultRepairs = 1;
const mostIssues = 5;

/** Asks until the data fits, or the repairs are spent. Each answer is paid for, and all of them are counted. */
export async function answerObject<S extends StandardSchemaV1>(
  one: OneCall,
  request: ObjectRequest<S>,
  wire: WireRequest,
  ask: (wire: WireRequest) => Promise<GeneratedText>,
): Promise<GeneratedObject<StandardSchemaV1.InferOutput<S>>> {
  const { repairs = defaultRepairs, schema } = request;
  const usages: Usage[] = [];
  let next = wire;
  for (let repair = 0; ; repair++) {
    const { text, ...answer } = await ask(next);
    usages.push(answer.usage);
    const usage = sumOfUsage(usages);
    one.estimate = usage;
    const read = await readAs(schema, text);
    if (read.is === "fits") {
      one.tell(usage);
      const { provider, model, isMock, requestId } = answer;
      return { object: read.object, repairs: repair, provider, model, isMock, requestId, usage };
    }
    if (repair >= repairs) {
      throw failed(one.about, "MODEL_OUTPUT_INVALID", `the data does not fit the schema: ${read.issues.join("; ")}`, {
        details: { issues: read.issues, repairs },
      });
    }
    const complaint = `That does not fit the schema: ${read.issues.join("; ")}. Answer again, with the whole of it, as JSON only.`;
    next = { ...next, messages: [...next.messages, { role: "assistant", text }, { role: "user", text: complaint }] };
    one.estimate = usage;
  }
}

type Read<T> =
  | { readonly is: "fits"; readonly object: T }
  | { readonly is: "unfit"; readonly issues: readonly string[] };

async function readAs<S extends StandardSchemaV1>(
  schema: S,
  text: string,
): Promise<Read<StandardSchemaV1.InferOutput<S>>> {
  let data: unknown;
  try {
    data = JSON.parse(unfenced(text));
  } catch {
    return { is: "unfit", issues: ["it is no JSON"] };
  }
  const result = await schema["~standard"].validate(data);
  if (!result.issues) return { is: "fits", object: result.value as StandardSchemaV1.InferOutput<S> };
  // Where, and what was expected: never what stood there.
  const issues = result.issues.slice(0, mostIssues).map(({ path = [], message }) => {
    const where = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return where === "" ? message : `${where}: ${message}`;
  });
  return { is: "unfit", issues };
}

/** Models that are asked rather than held put their JSON into a fence. */
const unfenced = (text: string): string => /^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$/s.exec(text)?.[1] ?? text;
