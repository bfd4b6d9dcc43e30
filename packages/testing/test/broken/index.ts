import type { MemoryQueue, MemoryStore } from "@semel/core/memory";
import * as queues from "./queues.ts";
import * as stores from "./stores.ts";

/** A broken adapter, and the one group of its suite that must notice. */
export interface Broken<Adapter> {
  readonly adapter: new () => Adapter;
  readonly group: string;
  /** What the model-based suite must say of it, if it can notice at all. */
  readonly inAnyOrder?: RegExp;
}

export const brokenQueues: readonly Broken<MemoryQueue>[] = [
  { adapter: queues.LosesAJob, group: "nothing lost" },
  { adapter: queues.DeliversTwiceAtOnce, group: "one holder" },
  { adapter: queues.DeliversEarly, group: "delays" },
  { adapter: queues.ReturnsAtOnce, group: "returning" },
  { adapter: queues.IgnoresPriority, group: "priority" },
  { adapter: queues.IgnoresLimits, group: "limits" },
  { adapter: queues.ForgetsLanes, group: "lanes" },
  { adapter: queues.ExtendsNothing, group: "holding on" },
  { adapter: queues.AcknowledgesForOthers, group: "holding on" },
  { adapter: queues.StopsLate, group: "stopping" },
  { adapter: queues.ReadsEnvelopes, group: "payloads" },
  { adapter: queues.CountsDelayedAsWaiting, group: "counts" },
  { adapter: queues.RemovesNothing, group: "removing" },
  { adapter: queues.KeepsTheLast, group: "adding" },
  { adapter: queues.AddsTwiceInARace, group: "adding" },
  { adapter: queues.NeverResizes, group: "resizing" },
  { adapter: queues.HoldsForEver, group: "hold and release" },
  { adapter: queues.LosesSightOfDelayedJobs, group: "looking up" },
];

export const brokenStores: readonly Broken<MemoryStore>[] = [
  { adapter: stores.IgnoresTheLease, group: "leases", inAnyOrder: /one owner holds at a time/ },
  { adapter: stores.LetsStaleFencesThrough, group: "fencing", inAnyOrder: /newest fence only/ },
  { adapter: stores.DropsTheError, group: "failures" },
  { adapter: stores.DropsTheCause, group: "failures" },
  { adapter: stores.ForgetsSteps, group: "steps", inAnyOrder: /a memo answers for its step/ },
  { adapter: stores.LetsDuplicatesThrough, group: "reserving" },
  { adapter: stores.KeepsCancelsToItself, group: "cancelling" },
  { adapter: stores.DropsFollowUpsOfTheDead, group: "follow-ups" },
  { adapter: stores.DoesNotCountRedrives, group: "redriving" },
  { adapter: stores.CountsReleases, group: "claiming", inAnyOrder: /an attempt is the failures so far and one/ },
  { adapter: stores.ReadsResults, group: "values" },
  { adapter: stores.ListsTheFirstPageOnly, group: "letters" },
  { adapter: stores.NeverForgetsWorkers, group: "workers" },
  { adapter: stores.SweepsWithoutLimit, group: "expiry and sweeping" },
  { adapter: stores.LeavesLettersBehind, group: "erasure" },
  { adapter: stores.ReadsEachKeyOnce, group: "reading" },
  { adapter: stores.ForgetsTheDeadEarly, group: "settling" },
  { adapter: stores.RefusesReSends, group: "sent twice" },
  { adapter: stores.TakesStepsOverByAsking, group: "steps" },
  { adapter: stores.DecidesForTheLiving, group: "steps" },
  { adapter: stores.ForgetsAfterAMonth, group: "expiry and sweeping" },
];
