import { batched } from "@semel/ai";
import type { EmbeddingModel } from "@semel/core";
import { embedMany } from "ai";
import pLimit from "p-limit";
import { type Figure, figure } from "../figure.ts";
import { interleave, pick, roundsOf, type Side } from "../interleave.ts";
import { type Bench, patience, type Row, sized } from "../row.ts";

const latencyMs = 50;
const jobsAtATime = 64;
/** Texts under way in the pipeline by hand: four requests of 64. */
const textsByHand = 4 * jobsAtATime;
const single = "one request a job";
const semel = "batched";
const byHand = "p-limit + embedMany (ai), 256 at a time";
const wide = "batched, 256 at a time";

/** An embedding provider in this process: `latencyMs` a request, whatever its size. */
class Provider {
  readonly #isSerial: boolean;
  #freeAtMs = 0;

  constructor(isSerial: boolean) {
    this.#isSerial = isSerial;
  }

  async answer(texts: readonly string[]): Promise<Float32Array[]> {
    const nowMs = performance.now();
    const doneAtMs = (this.#isSerial ? Math.max(nowMs, this.#freeAtMs) : nowMs) + latencyMs;
    this.#freeAtMs = doneAtMs;
    await new Promise((resolve) => setTimeout(resolve, doneAtMs - nowMs));
    return texts.map((text) => new Float32Array(256).fill(text.length + 1));
  }
}

function modelOf(provider: Provider): EmbeddingModel {
  const named = { provider: "bench", model: "bench-embed", isMock: false } as const;
  const space = "bench/bench-embed/256";
  return {
    "~semel": "embedding-model/1",
    ...named,
    host: "here",
    space,
    dimensions: 256,
    limits: { maxItems: 2_048, maxTokens: 300_000, maxItemTokens: 8_192 },
    countTokens: (text) => Math.ceil(text.length / 4),
    async embed({ texts }) {
      const usage = { certainty: "actual", inputTokens: texts.length, outputTokens: 0 } as const;
      return { ...named, space, usage, vectors: await provider.answer(texts) };
    },
  };
}

/** Jobs a second: so many at a time, each asks for the vector of one text. */
async function rate(
  jobs: number,
  embed: (text: string) => Promise<unknown>,
  atATime: number = jobsAtATime,
): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < jobs) await embed(`text ${next++}`);
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return (jobs * 1_000) / (performance.now() - startMs);
}

/** What one writes by hand: all texts known beforehand, cut into requests of 64, four of them at a time: 256 texts under way. */
async function handWritten(jobs: number, provider: Provider): Promise<number> {
  const model = {
    specificationVersion: "v4",
    provider: "bench",
    modelId: "bench-embed",
    maxEmbeddingsPerCall: jobsAtATime,
    supportsParallelCalls: true,
    doEmbed: async ({ values }: { values: string[] }) => ({
      embeddings: (await provider.answer(values)).map((vector) => Array.from(vector)),
      warnings: [],
    }),
  } as const;
  const texts = Array.from({ length: jobs }, (_, at) => `text ${at}`);
  const chunks = Array.from({ length: Math.ceil(jobs / jobsAtATime) }, (_, at) =>
    texts.slice(at * jobsAtATime, (at + 1) * jobsAtATime),
  );
  const limit = pLimit(4);
  const startMs = performance.now();
  await Promise.all(chunks.map((values) => limit(() => embedMany({ model, values, maxRetries: 0 }))));
  return (jobs * 1_000) / (performance.now() - startMs);
}

/** What `batched` makes of it: it knows no text before its job asks. */
function batchedRate(jobs: number, atATime: number, isSerial: boolean): Promise<number> {
  const model = batched(modelOf(new Provider(isSerial)));
  return rate(jobs, (text) => model.embed({ texts: [text] }), atATime);
}

async function measured(bench: Bench, isSerial: boolean): Promise<readonly Figure[]> {
  const what = isSerial ? "one request at a time" : "free parallelism";
  const jobs = sized(bench.form, { short: 512, default: 2_048, full: 8_192 });
  // One request a job takes long where requests queue; its rate is the same for fewer.
  const few = isSerial ? 64 : jobs;
  const sides: readonly Side<number>[] = [
    {
      name: single,
      measure: () => {
        const model = modelOf(new Provider(isSerial));
        return rate(few, (text) => model.embed({ texts: [text] }));
      },
    },
    { name: semel, measure: () => batchedRate(jobs, jobsAtATime, isSerial) },
    { name: byHand, measure: () => handWritten(jobs, new Provider(isSerial)) },
    { name: wide, measure: () => batchedRate(jobs, textsByHand, isSerial) },
  ];
  const rounds = sized(bench.form, { short: 3, default: 5, full: 9 });
  const all = await interleave(bench, what, sides, { rounds, patienceMs: patience(bench.form) });
  return all.map((one) => {
    const ratio = (to: string) => ({ to, rounds: roundsOf(all, to, (value) => value) });
    const against =
      one.name === semel
        ? [{ ...ratio(single), target: { atLeast: isSerial ? 20 : 0.9 } }]
        : one.name === wide
          ? // Where requests run side by side, both are at the same bound, and it is a tie.
            [{ ...ratio(byHand), target: { atLeast: isSerial ? 1 : 0.9 } }]
          : [];
    return figure(
      what,
      one.name,
      pick(one, (value) => value),
      { unit: "jobs/s", against, problem: one.problem },
    );
  });
}

/** Jobs a second at a provider that takes 50 ms a request, whatever is in it. */
export const batchingRow: Row = {
  name: "batching",
  about: "64 or 256 jobs at a time, each embeds one text: one request a job, batched, and a pipeline by hand",
  profiled: { side: semel, what: "free parallelism" },
  async run(bench) {
    const figures: Figure[] = [];
    for (const isSerial of [true, false]) {
      const what = isSerial ? "one request at a time" : "free parallelism";
      if (bench.cases === undefined || what.includes(bench.cases)) figures.push(...(await measured(bench, isSerial)));
    }
    return figures;
  },
};
