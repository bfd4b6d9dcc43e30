/** What every snippet may use without saying so. */
export const given = `
import { createSemel, defineJob } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";

export const semel = createSemel(memory());
export const embed = defineJob({
  type: "embed",
  payload: z.object({ documentId: z.string(), index: z.number().int(), tags: z.array(z.string()).default([]) }),
  result: z.object({ dimensions: z.number() }),
  correlation: ["documentId", "index"],
});
export const chunk = { documentId: "canon-1", index: 0 };
export const summarize = defineJob({
  type: "summarize",
  payload: z.object({ documentId: z.string() }),
  tenant: "required",
  correlation: ["documentId"],
});
export const payload = z.object({ documentId: z.string() });
`;

/** Imported at the head of every snippet. */
export const head = `import { createSemel, defineJob, DeferError, type Hook, type JobContext, NonRetryableError, processor, Processor, request, RetryAfterError } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";
import { chunk, embed, payload, semel, summarize } from "./given.ts";
`;

/** One slip of the pen: what was written, what was meant, and what the compiler has to say for it to be of help. */
export interface Mistake {
  readonly wrong: string;
  readonly right: string;
  readonly says: RegExp;
}

const job = (options: string): string => `defineJob({ type: "t", ${options} });`;
const field = (schema: string): string =>
  job(`payload: z.object({ id: z.string(), at: ${schema} }), correlation: ["id"]`);
const option = (text: string): string => job(`payload, correlation: ["documentId"], ${text}`);
const correlation = (text: string): string =>
  job(`payload: z.object({ documentId: z.string(), source: z.object({ url: z.string() }) }), correlation: ${text}`);
const embedding = (body: string): string => `processor(embed, async ({ payload, once, defer }) => { ${body} });`;
const hook = (body: string): string => `const hook: Hook = { onEvent(event) { ${body} } }; void hook;`;

export const mistakes: Readonly<Record<string, Mistake>> = {
  // What a payload and a result may hold
  "a Date in the payload": {
    wrong: field("z.date()"),
    right: field("z.iso.datetime()"),
    says: /"does not survive JSON": "at"/,
  },
  "a Date deep inside the payload": {
    wrong: field("z.array(z.object({ last: z.date() }))"),
    right: field("z.array(z.object({ last: z.string() }))"),
    says: /"does not survive JSON": "at\[\]\.last"/,
  },
  "a Map in the payload": {
    wrong: field("z.map(z.string(), z.number())"),
    right: field("z.record(z.string(), z.number())"),
    says: /"does not survive JSON": "at"/,
  },
  "a Set in the payload": {
    wrong: field("z.set(z.string())"),
    right: field("z.array(z.string())"),
    says: /"does not survive JSON": "at"/,
  },
  "a bigint in the payload": {
    wrong: field("z.bigint()"),
    right: field("z.string()"),
    says: /"does not survive JSON": "at"/,
  },
  "a function in the payload": {
    wrong: field("z.custom<() => void>()"),
    right: field("z.custom<Float32Array>()"),
    says: /"does not survive JSON": "at"/,
  },
  "a Date in the result": {
    wrong: option("result: z.object({ finished: z.date() })"),
    right: option("result: z.object({ finished: z.iso.datetime() })"),
    says: /"does not survive JSON": "finished"/,
  },
  "a bigint as the result": {
    wrong: option("result: z.bigint()"),
    right: option("result: z.number()"),
    says: /"does not survive JSON": ""/,
  },
  "a transform that cannot be parsed again": {
    wrong: field("z.string().transform(Number)"),
    right: field("z.string().transform((text) => text.trim())"),
    says: /"schema must accept its own output"/,
  },
  "no schema at all": {
    wrong: job(`payload: { documentId: "string" }, correlation: ["documentId"]`),
    right: job(`payload: z.object({ documentId: z.string() }), correlation: ["documentId"]`),
    says: /'"~standard"' is missing|does not exist in type 'StandardSchemaV1|'documentId' does not exist/,
  },

  // What the work is
  "no correlation": {
    wrong: job("payload"),
    right: job(`payload, correlation: "none"`),
    says: /Property 'correlation' is missing/,
  },
  "a correlation by a field that is not there": {
    wrong: correlation(`["documentID"]`),
    right: correlation(`["documentId"]`),
    says: /'"documentID"' is not assignable to type '"documentId"'/,
  },
  "a correlation by an object": {
    wrong: correlation(`["documentId", "source"]`),
    right: correlation(`(p) => ({ documentId: p.documentId, url: p.source.url })`),
    says: /'"source"' is not assignable to type '"documentId"'/,
  },
  "a correlation function that answers an object": {
    wrong: correlation("(p) => ({ source: p.source })"),
    right: correlation("(p) => ({ source: p.source.url })"),
    says: /is not assignable to type 'Key'/,
  },
  "an option that does not exist": {
    wrong: option(`timout: "30s"`),
    right: option(`timeout: "30s"`),
    says: /'timout' does not exist in type .*Did you mean to write 'timeout'\?|'timout' does not exist/,
  },
  "a tenancy that does not exist": {
    wrong: option("tenant: true"),
    right: option(`tenant: "required"`),
    says: /'boolean' is not assignable to type '.*"none".*"required"|true' is not assignable to type '.*Tenancy/,
  },
  "a priority of another queue": {
    wrong: option("priority: 1"),
    right: option(`priority: "interactive"`),
    says: /'number' is not assignable to type '.*Priority/,
  },

  // Lengths of time have a unit
  "a timeout without unit": {
    wrong: option("timeout: 30"),
    right: option(`timeout: "30s"`),
    says: /'number' is not assignable to type .*\$\{number\}s/,
  },
  "a unit spelt out": {
    wrong: option(`lease: "30 sec"`),
    right: option(`lease: "30s"`),
    says: /'"30 sec"' is not assignable to type .*\$\{number\}s/,
  },
  "a window without unit": {
    wrong: option("window: 7"),
    right: option(`window: "7d"`),
    says: /'number' is not assignable to type .*while-active/,
  },
  "a window by another name": {
    wrong: option(`window: "active"`),
    right: option(`window: "while-active"`),
    says: /'"active"' is not assignable to type .*while-active/,
  },
  "a backoff in milliseconds": {
    wrong: option("retry: { base: 1_000 }"),
    right: option(`retry: { base: "1s" }`),
    says: /'number' is not assignable to type .*\$\{number\}s/,
  },
  "a number of attempts as text": {
    wrong: option(`retry: { maxAttempts: "6" }`),
    right: option("retry: { maxAttempts: 6 }"),
    says: /'string' is not assignable to type 'number'/,
  },
  "a jitter that does not exist": {
    wrong: option(`retry: { jitter: "none" }`),
    right: option(`retry: { jitter: "equal" }`),
    says: /'"none"' is not assignable to type .*Jitter/,
  },
  "a delay in seconds": {
    wrong: "await semel.enqueue(embed, chunk, { delay: 60 });",
    right: `await semel.enqueue(embed, chunk, { delay: "60s" });`,
    says: /'number' is not assignable to type .*\$\{number\}s/,
  },
  "a closing deadline in milliseconds": {
    wrong: "await semel.close({ deadline: 25_000 });",
    right: `await semel.close({ deadline: "25s" });`,
    says: /'number' is not assignable to type .*\$\{number\}s/,
  },
  "a RetryAfterError in seconds": {
    wrong: "throw new RetryAfterError(20);",
    right: `throw new RetryAfterError("20s");`,
    says: /'20' is not assignable to parameter of type .*\$\{number\}s/,
  },
  "a DeferError in milliseconds": {
    wrong: `throw new DeferError("busy", 30_000);`,
    right: `throw new DeferError("busy", new Date(Date.now() + 30_000));`,
    says: /'30000' is not assignable to parameter of type .*\$\{number\}s.*Date/,
  },
  "a deferral without a time": {
    wrong: embedding(`if (payload.index > 9) return defer("busy"); return { dimensions: 3 };`),
    right: embedding(`if (payload.index > 9) return defer("busy", "30s"); return { dimensions: 3 };`),
    says: /Expected 2 arguments, but got 1/,
  },

  // Enqueuing
  "a job by its name": {
    wrong: `await semel.enqueue("embed", chunk);`,
    right: "await semel.enqueue(embed, chunk);",
    says: /Argument of type '"?(string|embed)"?' is not assignable to parameter of type/,
  },
  "a job that was mistyped": {
    wrong: "await semel.enqueue(embd, chunk);",
    right: "await semel.enqueue(embed, chunk);",
    says: /Cannot find name 'embd'\. Did you mean 'embed'\?/,
  },
  "a tenant's job without its tenant": {
    wrong: `await semel.enqueue(summarize, { documentId: "a" });`,
    right: `await semel.forTenant("org-1").enqueue(summarize, { documentId: "a" });`,
    says: /'"required"' is not assignable to type '"none"'/,
  },
  "a tenant that is a number": {
    wrong: `await semel.forTenant(42).enqueue(summarize, { documentId: "a" });`,
    right: `await semel.forTenant(String(42)).enqueue(summarize, { documentId: "a" });`,
    says: /'number' is not assignable to parameter of type 'string'/,
  },
  "a field of the wrong type": {
    wrong: `await semel.enqueue(embed, { documentId: "a", index: "0" });`,
    right: `await semel.enqueue(embed, { documentId: "a", index: 0 });`,
    says: /'string' is not assignable to type 'number'/,
  },
  "a field left out": {
    wrong: `await semel.enqueue(embed, { documentId: "a" });`,
    right: `await semel.enqueue(embed, { documentId: "a", index: 0 });`,
    says: /Property 'index' is missing/,
  },
  "a field mistyped": {
    wrong: `await semel.enqueue(embed, { documentID: "a", index: 0 });`,
    right: `await semel.enqueue(embed, { documentId: "a", index: 0 });`,
    says: /Did you mean to write 'documentId'\?/,
  },
  "one id for many jobs": {
    wrong: `await semel.enqueueMany(embed, [chunk], { id: "one" });`,
    right: `await semel.enqueueMany(embed, [chunk], { delay: "1s" });`,
    says: /'id' does not exist in type/,
  },
  "the stored value of a job that may not have completed": {
    wrong: "const again = await semel.enqueue(embed, chunk); console.log(again.value);",
    right: `const again = await semel.enqueue(embed, chunk); if (again.outcome === "replayed") console.log(again.value?.dimensions);`,
    says: /Property 'value' does not exist on type/,
  },
  "an outcome that does not exist": {
    wrong: `const again = await semel.enqueue(embed, chunk); if (again.outcome === "conflict") console.log(again.id);`,
    right: `const again = await semel.enqueue(embed, chunk); if (again.outcome === "duplicate") console.log(again.state);`,
    says: /no overlap/,
  },
  "a field of the result mistyped": {
    wrong: "const { result } = await semel.enqueue(embed, chunk); console.log((await result()).dimension);",
    right: "const { result } = await semel.enqueue(embed, chunk); console.log((await result()).dimensions);",
    says: /Did you mean 'dimensions'\?/,
  },

  // Processing
  "a field of the payload that is not there": {
    wrong: embedding("return { dimensions: payload.size };"),
    right: embedding("return { dimensions: payload.tags.length };"),
    says: /Property 'size' does not exist on type/,
  },
  "a result of the wrong type": {
    wrong: embedding(`return { dimensions: "3" };`),
    right: embedding("return { dimensions: 3 };"),
    says: /'string' is not assignable to type 'number'/,
  },
  "a result that was forgotten": {
    wrong: embedding("payload.tags.sort();"),
    right: embedding("payload.tags.sort(); return { dimensions: 3 };"),
    says: /Type 'void' is not assignable to type '.*dimensions: number/,
  },
  "an outcome that is made and not returned": {
    wrong: embedding(`if (payload.index > 9) { defer("busy", "5s"); return; } return { dimensions: 3 };`),
    right: embedding(`if (payload.index > 9) return defer("busy", "5s"); return { dimensions: 3 };`),
    says: /undefined' is not assignable to type '.*dimensions: number/,
  },
  "a class whose result is of the wrong type": {
    wrong: `class Embed extends Processor.of(embed) { async process({ payload }: JobContext<typeof embed>) { return payload.index; } } void Embed;`,
    right: `class Embed extends Processor.of(embed) { async process({ payload }: JobContext<typeof embed>) { return { dimensions: payload.index }; } } void Embed;`,
    says: /'number' is not assignable to type '.*dimensions: number/,
  },
  "a class that processes nothing": {
    wrong: "class Embed extends Processor.of(embed) {} void Embed;",
    right: "class Embed extends Processor.of(embed) { async process() { return { dimensions: 3 }; } } void Embed;",
    says: /does not implement inherited abstract member '?process|missing implementations .*'process'/,
  },
  "a step's Date, which comes back as text": {
    wrong: embedding(`const at = await once("stamp", () => new Date()); return { dimensions: at.getTime() };`),
    right: embedding(
      `const at = await once("stamp", () => new Date()); return { dimensions: new Date(at).getTime() };`,
    ),
    says: /Property 'getTime' does not exist on type 'string'/,
  },
  "a step's Date, deep inside": {
    wrong: embedding(
      `const { row } = await once("row", () => ({ row: { at: new Date() } })); return { dimensions: row.at.getTime() };`,
    ),
    right: embedding(
      `const { row } = await once("row", () => ({ row: { at: new Date() } })); return { dimensions: Date.parse(row.at) };`,
    ),
    says: /Property 'getTime' does not exist on type 'string'/,
  },
  "a step that was not awaited": {
    wrong: embedding(`const vector = once("embed", () => new Float32Array(3)); return { dimensions: vector.length };`),
    right: embedding(
      `const vector = await once("embed", () => new Float32Array(3)); return { dimensions: vector.length };`,
    ),
    says: /Did you forget to use 'await'\?/,
  },
  "a step's policy that there is not": {
    wrong: embedding(`const n = await once("pay", () => 1, { onUncertain: "stop" }); return { dimensions: n };`),
    right: embedding(`const n = await once("pay", () => 1, { onUncertain: "halt" }); return { dimensions: n };`),
    says: /Type '"stop"' is not assignable/,
  },
  "a finding of another type than the step's": {
    wrong: embedding(
      `const n = await once("pay", () => 1, { onUncertain: () => ({ is: "found", value: "one" }) }); return { dimensions: n };`,
    ),
    right: embedding(
      `const n = await once("pay", () => 1, { onUncertain: () => ({ is: "found", value: 1 }) }); return { dimensions: n };`,
    ),
    says: /Type 'string' is not assignable to type 'number'/,
  },
  "a transaction that answers something else than the job's result": {
    wrong: `processor(embed, async ({ transaction }) => transaction(async () => ({ size: 3 })));`,
    right: `processor(embed, async ({ transaction }) => transaction(async () => ({ dimensions: 3 })));`,
    says: /'size' does not exist|Property 'dimensions' is missing/,
  },
  "an enqueue in a transaction that is none": {
    wrong: `await semel.enqueue(embed, chunk, { transaction: true });`,
    right: `await semel.enqueue(embed, chunk, { transaction: { query: async () => ({ rows: [] }) } });`,
    says: /Type '(boolean|true)' is not assignable to type 'TransactionClient/,
  },
  "workers whose concurrency is text": {
    wrong: `semel.worker({ processors: [], concurrency: "10" });`,
    right: `semel.worker({ processors: [], concurrency: 10 });`,
    says: /'string' is not assignable to type 'number'/,
  },
  "a job where a processor belongs": {
    wrong: "semel.worker({ processors: [embed] });",
    right: "semel.worker({ processors: [processor(embed, async () => ({ dimensions: 3 }))] });",
    says: /missing the following properties from type .*: job, process|'process' is missing/,
  },

  // Looking after jobs
  "an event that does not exist": {
    wrong: hook(`if (event.name === "job.completed") console.log(event.id);`),
    right: hook(`if (event.name === "attempt.completed") console.log(event.id);`),
    says: /no overlap/,
  },
  "a field that an event does not have": {
    wrong: hook(`if (event.name === "attempt.completed") console.log(event.error);`),
    right: hook(`if (event.name === "attempt.failed") console.log(event.error.code);`),
    says: /Property 'error' does not exist on type/,
  },
  "a reason that does not exist": {
    wrong: `for await (const letter of semel.deadLetters.list({ reason: "POISON" })) console.log(letter.id);`,
    right: `for await (const letter of semel.deadLetters.list({ reason: "CRASH_LOOP" })) console.log(letter.id);`,
    says: /'"POISON"' is not assignable to type/,
  },
  "letters by a number of days": {
    wrong: "await semel.deadLetters.groups({ newerThan: 1 });",
    right: `await semel.deadLetters.groups({ newerThan: "1d" });`,
    says: /'number' is not assignable to type .*\$\{number\}d/,
  },
  "a redrive with steps that do not exist": {
    wrong: `await semel.deadLetters.redrive("id", { steps: "all" });`,
    right: `await semel.deadLetters.redrive("id", { steps: "fresh" });`,
    says: /'"all"' is not assignable to type '"keep" \| "fresh"/,
  },
  "a follow-up that is a payload, not a request": {
    wrong: option("onSettled: ({ id }) => ({ id })"),
    right: option(`onSettled: ({ payload }) => request(embed, { documentId: payload.documentId, index: 0 })`),
    says: /not assignable to type .*JobRequest/,
  },
  "a follow-up with the payload of another job": {
    wrong: option("onSettled: ({ id }) => request(embed, { id })"),
    right: option("onSettled: ({ id }) => request(embed, { documentId: id, index: 0 })"),
    says: /'id' does not exist in type|missing the following properties|is not assignable/,
  },
  "a result of a job that did not complete": {
    wrong: option(`result: z.number(), onSettled: (end) => { console.log(end.result); return undefined; }`),
    right: option(
      `result: z.number(), onSettled: (end) => { if (end.state === "completed") console.log(end.result); return undefined; }`,
    ),
    says: /Property 'result' does not exist on type/,
  },

  // Putting it together
  "a backend that was not made": {
    wrong: "createSemel(memory);",
    right: "createSemel(memory());",
    says: /Did you mean to call this expression\?/,
  },
  "a store without a queue": {
    wrong: "const { store, deadLetters } = memory(); createSemel({ store, deadLetters });",
    right: "const { store, deadLetters, queue } = memory(); createSemel({ queue, store, deadLetters });",
    says: /Property 'queue' is missing/,
  },
  "a console as the logger": {
    wrong: `createSemel({ ...memory(), logger: { log: console.log } });`,
    right: "createSemel({ ...memory(), logger: false });",
    says: /'log' does not exist in type/,
  },
  "a cause given as the message's second text": {
    wrong: `throw new NonRetryableError("gone", "because");`,
    right: `throw new NonRetryableError("gone", { cause: "because" });`,
    says: /no properties in common with type 'ErrorOptions'|not assignable to parameter of type 'ErrorOptions'/,
  },
};
