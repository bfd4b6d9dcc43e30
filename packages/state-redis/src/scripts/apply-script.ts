import type { Script } from "@semel/redis-connection";
import { claiming } from "./claiming.ts";
import { clock } from "./clock.ts";
import { compose, dispatch } from "./compose.ts";
import { ending } from "./ending.ts";
import { type Verb, verbs } from "./layout.ts";
import { operating } from "./operating.ts";
import { record } from "./record.ts";
import { reserving } from "./reserving.ts";
import { settling } from "./settling.ts";
import { stepping } from "./stepping.ts";

/*
 * The guard's state machine once more, where it can be decided and written in one step. `decide` of @semel/core is its
 * reference, function by function under the same names; the conformance suite and the model hold the two together.
 *
 * KEYS are the records of the operations, ARGV[1] the operations, and behind it is what is opaque (results, envelopes,
 * letters, values of steps), to which operations refer by its place in ARGV. Answers `now` and then an array for each.
 * What is beside a record has its key with a suffix, so it is in the same slot and under the same ACL pattern.
 */

interface ApplyScript {
  readonly verbs: ReadonlySet<Verb>;
  readonly script: Script;
}

const applying = (these: readonly Verb[], ...parts: readonly string[]): ApplyScript => ({
  verbs: new Set(these),
  script: compose(clock, record, ...parts, dispatch(these)),
});

/** Three of the verbs that come in large numbers, and come together; and one with all of them. */
const applyScripts: readonly [...ApplyScript[], ApplyScript] = [
  applying(["reserve", "unreserve"], reserving),
  applying(["claim"], claiming),
  applying(["renew", "complete", "stepBegin", "stepEnd"], settling, stepping),
  applying(verbs, reserving, claiming, settling, ending, operating, stepping),
];

/** The smallest script that knows these verbs. */
export function applyScriptFor(these: ReadonlySet<Verb>): Script {
  const fits =
    applyScripts.find((one) => [...these].every((verb) => one.verbs.has(verb))) ??
    applyScripts[applyScripts.length - 1];
  return (fits as ApplyScript).script;
}
