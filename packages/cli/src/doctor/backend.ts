import type { Scene } from "../command.ts";
import { complaintOf } from "../complaint.ts";
import { type Judgement, well } from "./judgement.ts";

/** A job with this id there never was; asking for it is one round trip to the store. */
const nobody = `${"A".repeat(32)}.doctor`;
const rounds = 20;
const slowMs = 20;

/** Whether queue and store can be used, by their own judgement: it says what to change. */
export async function judgeBackend({ semel, target }: Scene): Promise<readonly Judgement[]> {
  try {
    await semel.ready();
  } catch (error) {
    const { code, message } = complaintOf(error);
    return [{ level: "must-change", what: `${target.place} cannot be used (${code})`, advice: message }];
  }
  const warned = target.warnings.map((text): Judgement => ({ level: "warning", what: text }));
  return [
    well(`${target.place} answers, and its settings keep what is confirmed`),
    ...warned,
    await judgeLatency(semel),
  ];
}

async function judgeLatency(semel: Scene["semel"]): Promise<Judgement> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const since = performance.now();
    await semel.explain(nobody);
    times.push(performance.now() - since);
  }
  times.sort((a, b) => a - b);
  const [median = 0, worst = 0] = [times[Math.floor(rounds / 2)], times.at(-1)];
  const what = `a round trip to the store takes ${median.toFixed(1)} ms, at most ${worst.toFixed(1)} ms, in ${rounds} of them`;
  if (median <= slowMs) return well(what);
  return {
    level: "warning",
    what,
    advice: "every job makes three of them or more: bring workers and store closer together",
  };
}
