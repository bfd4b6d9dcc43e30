import type { Answer, GuardKey, Operation } from "@semel/core/adapter";
import { type RedisClient, runScript } from "@semel/redis-connection";
import { Call } from "./call.ts";
import type { Keys } from "./keys.ts";
import { answerOf, type Reply, type Unlisted, unlistedIn } from "./replies.ts";
import { applyScriptFor } from "./scripts/apply-script.ts";

interface Asked {
  readonly operation: Operation;
  readonly index: number;
}

export interface Applied {
  readonly answers: readonly Answer[];
  /** Letters that came to light and are not in the index yet. */
  readonly unlisted: readonly Unlisted[];
}

/**
 * Sends operations to the script: all of them in one call; on a cluster, where records are in different slots, one call
 * a record, all under way at once.
 */
export async function applyAll(
  client: RedisClient,
  isCluster: boolean,
  keys: Keys,
  operations: readonly Operation[],
): Promise<Applied> {
  const answers = new Array<Answer>(operations.length);
  const unlisted: Unlisted[] = [];
  const seen = new Set<GuardKey>();
  const shared = new Set<GuardKey>();
  for (const { key } of operations) (seen.has(key) ? shared : seen).add(key);

  const send = async (asked: readonly Asked[], introduces: boolean): Promise<readonly Asked[]> => {
    const call = new Call();
    // A claim alone on its key can be asked again, should its record be absent; in company, the order would suffer.
    for (const { operation } of asked) call.add(operation, introduces || shared.has(operation.key));
    const names = asked.map(({ operation }) => keys.record(operation.key));
    const [now, ...replies] = (await runScript(client, applyScriptFor(call.verbs), names, call.args)) as [
      number,
      ...Reply[],
    ];
    return asked.filter(({ operation, index }, place) => {
      const reply = replies[place] as Reply;
      if (reply[0] === "absent") return true;
      answers[index] = answerOf(operation, reply, now);
      const letter = unlistedIn(operation.key, reply);
      if (letter) unlisted.push(letter);
      return false;
    });
  };
  const all = operations.map((operation, index) => ({ operation, index }));
  const batches = isCluster ? [...Map.groupBy(all, ({ operation }) => operation.key).values()] : [all];
  await Promise.all(
    batches.map(async (batch) => {
      const absent = batch.length > 0 ? await send(batch, false) : [];
      if (absent.length > 0) await send(absent, true);
    }),
  );
  return { answers, unlisted };
}

/** Notes in the record that its letter is in the index. Answers whether there still is such a letter. */
export async function noteListed(client: RedisClient, keys: Keys, { key, id }: Unlisted): Promise<boolean> {
  const call = new Call();
  call.noteListed(key, id);
  const [, reply] = (await runScript(client, applyScriptFor(call.verbs), [keys.record(key)], call.args)) as [
    number,
    Reply,
  ];
  return reply[0] === "noted";
}
