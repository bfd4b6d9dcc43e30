// An operator's program: it knows no job's definition.
import { createSemel, SemelError } from "@semel/core";
import { redis } from "@semel/redis";

export async function operate(url: string, isMeant: boolean): Promise<void> {
  await using semel = createSemel(redis(url));
  try {
    console.table(await semel.counts());
    console.table(await semel.workers());
    console.table(await semel.deadLetters.groups({ newerThan: "1d" }));
    for await (const letter of semel.deadLetters.list({ reason: "ATTEMPTS_EXHAUSTED", limit: 5 }))
      console.log(letter.id, letter.tenant, letter.error?.code, letter.attempts);
    const plan = await semel.deadLetters.plan({ type: "summarise", reason: "ATTEMPTS_EXHAUSTED", newerThan: "1d" });
    for (const { count, becomes, why } of plan.groups) console.log(count, becomes, why);
    if (isMeant) console.log(await plan.run({ rate: 10 }));
  } catch (error) {
    if (!SemelError.isInstance(error)) throw error;
    console.error(error.code, error.message);
  }
}
